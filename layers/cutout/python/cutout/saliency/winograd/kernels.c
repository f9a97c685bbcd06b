// The layers of U-2-Net in 32 bits, channels last, for whatever vectors the compiler is told of.
//
// 3x3 convolutions run by Winograd's minimal filtering F(4x4, 3x3), which needs a quarter of the multiplications:
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308. Small and dilated ones run
// directly. A net is a list of operations, and threads share the units of each: blocks of tiles, of pixels or of rows.

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8
#define PIXELS 6      // rows of the register block
#define CHANNELS 16   // its columns: two vectors
#define POINTS 36     // of a transformed 6x6 tile
#define SCRATCH_BYTES (200 << 10) // what a block of tiles may take, that it stays in a core's second cache
#define MOST_THREADS 64
#define SPINS 4000   // before a thread that waits lets others run
#define SKEW 16       // floats between planes, which else would all fall into the same set of the first cache

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

// As `plan.Kind` numbers them.
enum { WINOGRAD, DIRECT, POOL, UPSAMPLE, SIDE, FUSE };

// As `kernels.Operation`. Pictures are height x width x channels; `add` is added after the ReLU, where it is given.
typedef struct {
    int kind, height, width, channels_in, channels_out, dilation, in_height, in_width;
    const float *in, *add, *filters, *bias;
    float *out;
    long in_stride, add_stride, out_stride; // floats from one pixel to the next
} Operation;

static inline lanes all(float value) { return (lanes){value, value, value, value, value, value, value, value}; }
static inline lanes load(const float *from) { return *(const lanes *)from; }
static inline void store(float *to, lanes values) { *(lanes *)to = values; }
static inline lanes larger(lanes a, lanes b) { return __builtin_elementwise_max(a, b); }

// PIXELS x CHANNELS sums over `depth` of rows[i][k] * panel[k][j].
static inline __attribute__((always_inline)) void multiply(
    const float *const rows[PIXELS], const float *panel, int depth, lanes sums[PIXELS][2]) {
    lanes s[PIXELS][2];
    for (int i = 0; i < PIXELS; i++) s[i][0] = sums[i][0], s[i][1] = sums[i][1];
    for (int k = 0; k < depth; k++, panel += CHANNELS) {
        lanes left = load(panel), right = load(panel + LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < PIXELS; i++) {
            lanes value = all(rows[i][k]);
            s[i][0] += value * left;
            s[i][1] += value * right;
        }
    }
    for (int i = 0; i < PIXELS; i++) sums[i][0] = s[i][0], sums[i][1] = s[i][1];
}

// B^T d of a row or column of a tile: out[0], out[step], ... from in[0], in[step], ...
static inline void transform_in(const lanes *in, int step, lanes *out) {
    lanes d0 = in[0], d1 = in[step], d2 = in[2 * step], d3 = in[3 * step], d4 = in[4 * step], d5 = in[5 * step];
    lanes even = d4 - 4 * d2, odd = d3 - 4 * d1, even2 = d4 - d2, odd2 = 2 * (d3 - d1);
    out[0] = 4 * d0 - 5 * d2 + d4;
    out[step] = even + odd;
    out[2 * step] = even - odd;
    out[3 * step] = even2 + odd2;
    out[4 * step] = even2 - odd2;
    out[5 * step] = 4 * d1 - 5 * d3 + d5;
}

// A^T m.
static inline void transform_out(const lanes *in, int step, lanes *out, int out_step) {
    lanes sum = in[step] + in[2 * step], difference = in[step] - in[2 * step];
    lanes sum2 = in[3 * step] + in[4 * step], difference2 = in[3 * step] - in[4 * step];
    out[0] = in[0] + sum + sum2;
    out[out_step] = difference + 2 * difference2;
    out[2 * out_step] = sum + 4 * sum2;
    out[3 * out_step] = difference + 8 * difference2 + in[5 * step];
}

static int tiles_in_block(const Operation *op) {
    int most = SCRATCH_BYTES / (POINTS * 4 * (op->channels_in + op->channels_out));
    int tiles = most / PIXELS * PIXELS;
    if (tiles < 4 * PIXELS) tiles = 4 * PIXELS;
    return tiles > 16 * PIXELS ? 16 * PIXELS : tiles;
}

static void gather_tile(const Operation *op, int tile, float *scattered, long plane) {
    int across = (op->width + 3) / 4, top = tile / across * 4 - 1, left = tile % across * 4 - 1;
    int inside = top >= 0 && left >= 0 && top + 6 <= op->height && left + 6 <= op->width;
    for (int c = 0; c < op->channels_in; c += LANES) {
        lanes d[POINTS], rows[POINTS];
        const float *corner = op->in + ((long)top * op->width + left) * op->in_stride + c;
        if (inside) {
            for (int y = 0; y < 6; y++)
                for (int x = 0; x < 6; x++) d[y * 6 + x] = load(corner + ((long)y * op->width + x) * op->in_stride);
        } else {
            for (int y = 0; y < 6; y++)
                for (int x = 0; x < 6; x++) {
                    int there = top + y >= 0 && top + y < op->height && left + x >= 0 && left + x < op->width;
                    d[y * 6 + x] = there ? load(corner + ((long)y * op->width + x) * op->in_stride) : all(0);
                }
        }
        for (int x = 0; x < 6; x++) transform_in(d + x, 6, rows + x);
        for (int y = 0; y < 6; y++) transform_in(rows + 6 * y, 1, d + 6 * y);
        for (int p = 0; p < POINTS; p++) store(scattered + p * plane + c, d[p]);
    }
}

static inline lanes finished(const Operation *op, lanes value, long pixel, int channel) {
    value = larger(value + load(op->bias + channel), all(0));
    if (op->add) value += load(op->add + pixel * op->add_stride + channel);
    return value;
}

static void put_tile(const Operation *op, int tile, const float *products, long plane) {
    int across = (op->width + 3) / 4, top = tile / across * 4, left = tile % across * 4;
    for (int c = 0; c < op->channels_out; c += LANES) {
        lanes m[POINTS], columns[24], out[16];
        for (int p = 0; p < POINTS; p++) m[p] = load(products + p * plane + c);
        for (int x = 0; x < 6; x++) transform_out(m + x, 6, columns + x, 6);
        for (int y = 0; y < 4; y++) transform_out(columns + 6 * y, 1, out + 4 * y, 1);
        for (int y = 0; y < 4 && top + y < op->height; y++)
            for (int x = 0; x < 4 && left + x < op->width; x++) {
                long pixel = (long)(top + y) * op->width + left + x;
                store(op->out + pixel * op->out_stride + c, finished(op, out[4 * y + x], pixel, c));
            }
    }
}

// filters: [POINTS][channels_out / CHANNELS][channels_in][CHANNELS]
static void winograd(const Operation *op, int unit, float *scratch) {
    int block = tiles_in_block(op), tiles = (op->width + 3) / 4 * ((op->height + 3) / 4);
    int first = unit * block, count = tiles - first < block ? tiles - first : block;
    int padded = (count + PIXELS - 1) / PIXELS * PIXELS;
    int depth = op->channels_in, width = op->channels_out;
    long plane_in = (long)padded * depth + SKEW, plane_out = (long)padded * width + SKEW;
    float *scattered = scratch, *products = scratch + POINTS * plane_in;
    for (int t = 0; t < count; t++) gather_tile(op, first + t, scattered + (long)t * depth, plane_in);
    for (int p = 0; p < POINTS; p++) {
        for (int t = count; t < padded; t++) memset(scattered + p * plane_in + (long)t * depth, 0, 4 * depth);
        for (int c = 0; c < width; c += CHANNELS) {
            const float *panel = op->filters + ((long)p * width + c) * depth;
            for (int t = 0; t < padded; t += PIXELS) {
                const float *rows[PIXELS];
                lanes sums[PIXELS][2];
                for (int i = 0; i < PIXELS; i++) {
                    rows[i] = scattered + p * plane_in + (long)(t + i) * depth;
                    sums[i][0] = sums[i][1] = all(0);
                }
                multiply(rows, panel, depth, sums);
                for (int i = 0; i < PIXELS; i++) {
                    float *to = products + p * plane_out + (long)(t + i) * width + c;
                    store(to, sums[i][0]);
                    store(to + LANES, sums[i][1]);
                }
            }
        }
    }
    for (int t = 0; t < count; t++) put_tile(op, first + t, products + (long)t * width, plane_out);
}

#define DIRECT_PIXELS (8 * PIXELS)

// filters: [channels_out / CHANNELS][9][channels_in][CHANNELS]
static void direct(const Operation *op, int unit, float *scratch) {
    long pixels = (long)op->height * op->width;
    int chunks = (pixels + DIRECT_PIXELS - 1) / DIRECT_PIXELS, depth = op->channels_in;
    int channel = unit / chunks * CHANNELS;
    const float *panels = op->filters + (long)channel * 9 * depth;
    memset(scratch, 0, 4 * depth); // what lies outside the picture
    long end = (long)(unit % chunks + 1) * DIRECT_PIXELS;
    if (end > pixels) end = pixels;
    for (long pixel = (long)(unit % chunks) * DIRECT_PIXELS; pixel < end; pixel += PIXELS) {
        lanes sums[PIXELS][2];
        for (int i = 0; i < PIXELS; i++) sums[i][0] = sums[i][1] = all(0);
        for (int tap = 0; tap < 9; tap++) {
            const float *rows[PIXELS];
            int down = (tap / 3 - 1) * op->dilation, right = (tap % 3 - 1) * op->dilation;
            for (int i = 0; i < PIXELS; i++) {
                long at = pixel + i < end ? pixel + i : end - 1;
                int y = at / op->width + down, x = at % op->width + right;
                int there = y >= 0 && y < op->height && x >= 0 && x < op->width;
                rows[i] = there ? op->in + ((long)y * op->width + x) * op->in_stride : scratch;
            }
            multiply(rows, panels + (long)tap * depth * CHANNELS, depth, sums);
        }
        for (int i = 0; i < PIXELS && pixel + i < end; i++) {
            float *to = op->out + (pixel + i) * op->out_stride + channel;
            store(to, finished(op, sums[i][0], pixel + i, channel));
            store(to + LANES, finished(op, sums[i][1], pixel + i, channel + LANES));
        }
    }
}

static void pool(const Operation *op, int y) {
    for (int x = 0; x < op->width; x++) {
        const float *upper = op->in + ((long)2 * y * op->in_width + 2 * x) * op->in_stride;
        const float *lower = upper + op->in_width * op->in_stride;
        float *to = op->out + ((long)y * op->width + x) * op->out_stride;
        for (int c = 0; c < op->channels_in; c += LANES)
            store(to + c, larger(larger(load(upper + c), load(upper + op->in_stride + c)),
                                 larger(load(lower + c), load(lower + op->in_stride + c))));
    }
}

typedef struct { int before, after; float share; } Between;

// Pixel centres are at half-integers, and beyond the outermost the edge counts.
static inline Between between(int at, int length_in, int length_out) {
    float position = (at + 0.5f) * length_in / length_out - 0.5f;
    if (position < 0) position = 0;
    int before = position;
    return (Between){before, before + 1 < length_in ? before + 1 : before, position - before};
}

static void upsample(const Operation *op, int y) {
    Between down = between(y, op->in_height, op->height);
    const float *upper = op->in + (long)down.before * op->in_width * op->in_stride;
    const float *lower = op->in + (long)down.after * op->in_width * op->in_stride;
    for (int x = 0; x < op->width; x++) {
        Between across = between(x, op->in_width, op->width);
        long left = across.before * op->in_stride, right = across.after * op->in_stride;
        float *to = op->out + ((long)y * op->width + x) * op->out_stride;
        for (int c = 0; c < op->channels_in; c += LANES) {
            lanes above = load(upper + left + c), below = load(lower + left + c);
            above += (load(upper + right + c) - above) * across.share;
            below += (load(lower + right + c) - below) * across.share;
            store(to + c, above + (below - above) * down.share);
        }
    }
}

// A 3x3 convolution to one channel. filters: [9][channels_in]
static void side(const Operation *op, int y) {
    for (int x = 0; x < op->width; x++) {
        lanes sum = all(0);
        for (int tap = 0; tap < 9; tap++) {
            int v = y + tap / 3 - 1, u = x + tap % 3 - 1;
            if (v < 0 || v >= op->height || u < 0 || u >= op->width) continue;
            const float *pixel = op->in + ((long)v * op->width + u) * op->in_stride;
            const float *weights = op->filters + (long)tap * op->channels_in;
            for (int c = 0; c < op->channels_in; c += LANES) sum += load(pixel + c) * load(weights + c);
        }
        float total = op->bias[0];
        for (int i = 0; i < LANES; i++) total += sum[i];
        op->out[(long)y * op->width + x] = total;
    }
}

// The side outputs, one after another in `in`, each half as large as the one before, from that of `height` x `width`.
static void fuse(const Operation *op, int y) {
    for (int x = 0; x < op->width; x++) {
        const float *map = op->in;
        float logit = op->bias[0];
        for (int i = 0; i < op->channels_in; i++) {
            int height = op->height >> i, width = op->width >> i;
            Between down = between(y, height, op->height), across = between(x, width, op->width);
            const float *upper = map + (long)down.before * width, *lower = map + (long)down.after * width;
            float above = upper[across.before] + (upper[across.after] - upper[across.before]) * across.share;
            float below = lower[across.before] + (lower[across.after] - lower[across.before]) * across.share;
            logit += op->filters[i] * (above + (below - above) * down.share);
            map += (long)height * width;
        }
        op->out[(long)y * op->width + x] = 1 / (1 + expf(-logit));
    }
}

static int units(const Operation *op) {
    switch (op->kind) {
    case WINOGRAD: {
        int tiles = (op->width + 3) / 4 * ((op->height + 3) / 4), block = tiles_in_block(op);
        return (tiles + block - 1) / block;
    }
    case DIRECT:
        return (op->height * op->width + DIRECT_PIXELS - 1) / DIRECT_PIXELS * (op->channels_out / CHANNELS);
    default:
        return op->height;
    }
}

static void work(const Operation *op, int unit, float *scratch) {
    switch (op->kind) {
    case WINOGRAD: winograd(op, unit, scratch); break;
    case DIRECT: direct(op, unit, scratch); break;
    case POOL: pool(op, unit); break;
    case UPSAMPLE: upsample(op, unit); break;
    case SIDE: side(op, unit); break;
    case FUSE: fuse(op, unit); break;
    }
}

typedef struct {
    const Operation *operations;
    int count;
    size_t scratch_bytes;
    atomic_int threads;
    atomic_int *next;    // of each operation, the unit that nobody has taken yet
    atomic_int arrived;  // threads, over all operations
    atomic_int failed;
} Run;

static void wait_for_all(Run *run, int operation) {
    atomic_fetch_add(&run->arrived, 1);
    for (int spins = 0; atomic_load(&run->arrived) < (operation + 1) * atomic_load(&run->threads); spins++)
        if (spins > SPINS) sched_yield();
}

static void *take_part(void *argument) {
    Run *run = argument;
    float *scratch = aligned_alloc(64, run->scratch_bytes);
    if (!scratch) atomic_store(&run->failed, 1);
    for (int i = 0; i < run->count; i++) {
        const Operation *op = run->operations + i;
        int all_units = units(op), unit;
        while (scratch && (unit = atomic_fetch_add(&run->next[i], 1)) < all_units) work(op, unit, scratch);
        wait_for_all(run, i);
    }
    free(scratch);
    return NULL;
}

static size_t scratch_of(const Operation *operations, int count) {
    size_t most = 4096 * 4;
    for (int i = 0; i < count; i++) {
        const Operation *op = operations + i;
        size_t bytes = (size_t)POINTS * 4 * ((op->channels_in + op->channels_out) * tiles_in_block(op) + 2 * SKEW);
        if (op->kind == WINOGRAD && bytes > most) most = bytes;
    }
    return (most + 63) / 64 * 64;
}

size_t size_of_operation(void) { return sizeof(Operation); }

// Runs all `operations` on as many threads as asked for, of which one is the caller's, or as can be had. Returns 0, or 1
// without memory.
int run(const Operation *operations, int count, int threads) {
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    pthread_t others[MOST_THREADS];
    Run shared = {operations, count, scratch_of(operations, count), threads, calloc(count, sizeof(atomic_int)), 0, 0};
    if (!shared.next) return 1;
    int started = 1;
    while (started < threads && !pthread_create(&others[started], NULL, take_part, &shared)) started++;
    atomic_store(&shared.threads, started); // nobody is past the first operation, which waits for the caller too
    take_part(&shared);
    for (int i = 1; i < started; i++) pthread_join(others[i], NULL);
    free(shared.next);
    return shared.failed;
}
