// The layers of U-2-Net in 32 bits, channels last, for whatever vectors the compiler is told of.
//
// 3x3 convolutions run by Winograd's minimal filtering F(4x4, 3x3), which needs a quarter of the multiplications:
// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv:1509.09308. Of a large picture, whose few
// filters are transformed beforehand, WIDE takes a block of tiles at a time from one end to the other. Of a small one
// SCATTER transforms all tiles, and DEEP then takes a panel of filters at a time, transforms them and multiplies.
// Dilated by d, a convolution is d * d plain ones, each on every d-th pixel of every d-th row.
//
// A net is a list of operations, and threads share the units of each: blocks of tiles, panels or rows.

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LANES 8
#define TILES 5       // rows of the register block: most pictures have a multiple of 25 tiles
#define CHANNELS 16   // its columns
#define VECTORS (CHANNELS / LANES)
#define POINTS 36     // of a transformed 6x6 tile
#define SCRATCH_BYTES (200 << 10) // what a block of tiles may take, that it stays in a core's second cache
#define DEPTH 128     // channels whose filters are transformed at a time
#define MOST_THREADS 64
#define SPINS 4000   // before a thread that waits lets others run
#define SKEW 16       // floats between planes, which else would all fall into the same set of the first cache

typedef float lanes __attribute__((ext_vector_type(LANES), aligned(4), may_alias));

// As `plan.Kind` numbers them.
enum { WIDE, SCATTER, DEEP, POOL, UPSAMPLE, SIDE, FUSE };

// As `kernels.Operation`. Pictures are height x width x channels; `add` is added after the ReLU, where it is given.
typedef struct {
    int kind, height, width, channels_in, channels_out, dilation, in_height, in_width;
    const float *in, *add, *filters, *bias;
    float *out;
    long in_stride, add_stride, out_stride; // floats from one pixel to the next
} Operation;

static inline lanes load(const float *from) { return *(const lanes *)from; }
static inline void store(float *to, lanes values) { *(lanes *)to = values; }
static inline lanes larger(lanes a, lanes b) { return __builtin_elementwise_max(a, b); }

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

// G g of a row or column of a filter.
static inline void transform_filter(const lanes *in, int step, lanes *out, int out_step) {
    lanes even = (in[0] + in[2 * step]) * (-1.f / 6), odd = in[step] * (-1.f / 6);
    lanes even2 = in[0] * (1.f / 24) + in[2 * step] * (1.f / 6), odd2 = in[step] * (1.f / 12);
    out[0] = in[0] * (1.f / 4);
    out[out_step] = even + odd;
    out[2 * out_step] = even - odd;
    out[3 * out_step] = even2 + odd2;
    out[4 * out_step] = even2 - odd2;
    out[5 * out_step] = in[2 * step];
}

static int parts(int length, int size) { return (length + size - 1) / size; }

static int padded(int tiles) { return parts(tiles, TILES) * TILES; }

// Tiles across one of the pictures that a dilated convolution is of, of `length` pixels in all.
static int tiles_along(const Operation *op, int length) { return parts(parts(length, op->dilation), 4); }

static int all_tiles(const Operation *op) {
    return op->dilation * op->dilation * tiles_along(op, op->height) * tiles_along(op, op->width);
}

typedef struct { int top, left; } Corner;

// The first pixel of the 4x4 that `tile` makes. They are `dilation` pixels apart.
static Corner corner_of(const Operation *op, int tile) {
    int across = tiles_along(op, op->width), each = across * tiles_along(op, op->height);
    int phase = tile / each, in_phase = tile % each;
    return (Corner){phase / op->dilation + in_phase / across * 4 * op->dilation,
                    phase % op->dilation + in_phase % across * 4 * op->dilation};
}

// Floats from one tile to the next and from one point to the next: all tiles of a point stand together.
typedef struct { long tile, point; } Strides;

static Strides strides(int tiles, int channels) {
    return (Strides){channels + SKEW, (long)padded(tiles) * (channels + SKEW) + SKEW};
}

static void scatter_tile(const Operation *op, int tile, float *scattered, long plane) {
    Corner corner = corner_of(op, tile);
    int step = op->dilation, top = corner.top - step, left = corner.left - step;
    int inside = top >= 0 && left >= 0 && top + 5 * step < op->height && left + 5 * step < op->width;
    for (int c = 0; c < op->channels_in; c += LANES) {
        lanes d[POINTS], rows[POINTS];
        const float *first = op->in + ((long)top * op->width + left) * op->in_stride + c;
        for (int y = 0; y < 6; y++)
            for (int x = 0; x < 6; x++) {
                int v = top + y * step, u = left + x * step;
                int there = inside || (v >= 0 && v < op->height && u >= 0 && u < op->width);
                d[y * 6 + x] = there ? load(first + ((long)y * op->width + x) * step * op->in_stride) : 0;
            }
        for (int x = 0; x < 6; x++) transform_in(d + x, 6, rows + x);
        for (int y = 0; y < 6; y++) transform_in(rows + 6 * y, 1, d + 6 * y);
        for (int p = 0; p < POINTS; p++) store(scattered + p * plane + c, d[p]);
    }
}

static inline lanes finished(const Operation *op, lanes value, long pixel, int channel) {
    value = larger(value + load(op->bias + channel), 0);
    if (op->add) value += load(op->add + pixel * op->add_stride + channel);
    return value;
}

// Channels `first` to `end` of what `tile` makes. Whole cache lines are written at once.
static void put_tile(const Operation *op, int tile, const float *products, long plane, int first, int end) {
    Corner corner = corner_of(op, tile);
    for (int c = first; c < end; c += CHANNELS) {
        lanes out[VECTORS][16];
        for (int j = 0; j < VECTORS; j++) {
            lanes m[POINTS], columns[24];
            for (int p = 0; p < POINTS; p++) m[p] = load(products + p * plane + c + j * LANES - first);
            for (int x = 0; x < 6; x++) transform_out(m + x, 6, columns + x, 6);
            for (int y = 0; y < 4; y++) transform_out(columns + 6 * y, 1, out[j] + 4 * y, 1);
        }
        for (int y = 0; y < 4; y++)
            for (int x = 0; x < 4; x++) {
                int v = corner.top + y * op->dilation, u = corner.left + x * op->dilation;
                if (v >= op->height || u >= op->width) continue;
                long pixel = (long)v * op->width + u;
                for (int j = 0; j < VECTORS; j++) {
                    int channel = c + j * LANES;
                    store(op->out + pixel * op->out_stride + channel, finished(op, out[j][4 * y + x], pixel, channel));
                }
            }
    }
}

// For one point of TILES tiles and CHANNELS channels, sums over `depth` of scattered[tile][k] * panel[k][channel]. They
// begin `products`, or are added.
static void multiply(
    const float *scattered, Strides in, const float *panel, int depth, float *products, Strides out, int begins) {
    const float *rows[TILES];
    lanes sums[TILES][VECTORS];
    for (int i = 0; i < TILES; i++) {
        rows[i] = scattered + i * in.tile;
        for (int j = 0; j < VECTORS; j++) sums[i][j] = begins ? 0 : load(products + i * out.tile + j * LANES);
    }
    for (int k = 0; k < depth; k++, panel += CHANNELS) {
        lanes columns[VECTORS];
        for (int j = 0; j < VECTORS; j++) columns[j] = load(panel + j * LANES);
#pragma clang loop unroll(full)
        for (int i = 0; i < TILES; i++)
            for (int j = 0; j < VECTORS; j++) sums[i][j] += rows[i][k] * columns[j];
    }
    for (int i = 0; i < TILES; i++)
        for (int j = 0; j < VECTORS; j++) store(products + i * out.tile + j * LANES, sums[i][j]);
}

static int tiles_in_block(const Operation *op) {
    int most = SCRATCH_BYTES / (POINTS * 4 * (op->channels_in + op->channels_out));
    int tiles = most / TILES * TILES;
    if (tiles < 4 * TILES) tiles = 4 * TILES;
    return tiles > 16 * TILES ? 16 * TILES : tiles;
}

// filters: [POINTS][channels_out / CHANNELS][channels_in][CHANNELS]
static void wide(const Operation *op, int unit, float *scratch) {
    int block = tiles_in_block(op), first = unit * block, left = all_tiles(op) - first;
    int count = left < block ? left : block;
    int depth = op->channels_in, width = op->channels_out;
    Strides in = strides(count, depth), out = strides(count, width);
    float *scattered = scratch, *products = scratch + POINTS * in.point;
    for (int t = 0; t < count; t++) scatter_tile(op, first + t, scattered + t * in.tile, in.point);
    for (int p = 0; p < POINTS; p++) {
        memset(scattered + p * in.point + count * in.tile, 0, 4 * (padded(count) - count) * in.tile);
        for (int c = 0; c < width; c += CHANNELS)
            for (int t = 0; t < count; t += TILES)
                multiply(scattered + p * in.point + t * in.tile, in, op->filters + ((long)p * width + c) * depth, depth,
                         products + p * out.point + t * out.tile + c, out, 1);
    }
    for (int t = 0; t < count; t++) put_tile(op, first + t, products + t * out.tile, out.point, 0, width);
}

// For DEEP, where `out` is what it is given.
static void scatter(const Operation *op, int tile) {
    Strides out = strides(all_tiles(op), op->channels_in);
    float *to = op->out + tile * out.tile;
    if (tile < all_tiles(op)) scatter_tile(op, tile, to, out.point);
    else for (int p = 0; p < POINTS; p++) memset(to + p * out.point, 0, 4 * op->channels_in);
}

#define PANEL_FLOATS (DEPTH * CHANNELS + SKEW) // of one point

// 3x3 filters, [depth][9][CHANNELS], to [POINTS][depth][CHANNELS].
static void transform_panel(const float *filters, int depth, float *panel) {
    for (int k = 0; k < depth; k++)
        for (int c = 0; c < CHANNELS; c += LANES) {
            lanes taps[9], columns[18], points[POINTS];
            for (int tap = 0; tap < 9; tap++) taps[tap] = load(filters + ((long)k * 9 + tap) * CHANNELS + c);
            for (int x = 0; x < 3; x++) transform_filter(taps + x, 3, columns + x, 3);
            for (int y = 0; y < 6; y++) transform_filter(columns + 3 * y, 1, points + 6 * y, 1);
            for (int p = 0; p < POINTS; p++) store(panel + (long)p * PANEL_FLOATS + k * CHANNELS + c, points[p]);
        }
}

// filters: [channels_out / CHANNELS][channels_in][9][CHANNELS]
static void deep(const Operation *op, int unit, float *scratch) {
    int tiles = all_tiles(op), depth = op->channels_in, c = unit * CHANNELS;
    Strides in = strides(tiles, depth), out = strides(tiles, CHANNELS);
    float *panel = scratch, *products = scratch + POINTS * PANEL_FLOATS;
    for (int k = 0; k < depth; k += DEPTH) {
        int count = depth - k < DEPTH ? depth - k : DEPTH;
        transform_panel(op->filters + ((long)c * depth + k * CHANNELS) * 9, count, panel);
        for (int p = 0; p < POINTS; p++)
            for (int t = 0; t < tiles; t += TILES)
                multiply(op->in + p * in.point + t * in.tile + k, in, panel + p * PANEL_FLOATS, count,
                         products + p * out.point + t * out.tile, out, k == 0);
    }
    for (int t = 0; t < tiles; t++) put_tile(op, t, products + t * out.tile, out.point, c, c + CHANNELS);
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
        lanes sums[3] = {0, 0, 0}; // of each column: one sum would wait for itself
        for (int v = y > 0 ? y - 1 : 0; v <= y + 1 && v < op->height; v++)
            for (int c = 0; c < op->channels_in; c += LANES)
                for (int i = 0; i < 3; i++) {
                    int u = x + i - 1;
                    if (u < 0 || u >= op->width) continue;
                    const float *pixel = op->in + ((long)v * op->width + u) * op->in_stride;
                    const float *weights = op->filters + ((long)(v - y + 1) * 3 + i) * op->channels_in;
                    sums[i] += load(pixel + c) * load(weights + c);
                }
        lanes sum = sums[0] + sums[1] + sums[2];
        float total = op->bias[0];
        for (int i = 0; i < LANES; i++) total += sum[i];
        op->out[(long)y * op->width + x] = total;
    }
}

// The side outputs, one after another in `in`, each half as large as the one before, from that of `height` x `width`.
static void fuse(const Operation *op, int y, float *logits) {
    const float *map = op->in;
    for (int x = 0; x < op->width; x++) logits[x] = op->bias[0];
    for (int i = 0; i < op->channels_in; i++) {
        int height = op->height >> i, width = op->width >> i;
        Between down = between(y, height, op->height);
        const float *upper = map + (long)down.before * width, *lower = map + (long)down.after * width;
        for (int x = 0; x < op->width; x++) {
            Between across = between(x, width, op->width);
            float above = upper[across.before] + (upper[across.after] - upper[across.before]) * across.share;
            float below = lower[across.before] + (lower[across.after] - lower[across.before]) * across.share;
            logits[x] += op->filters[i] * (above + (below - above) * down.share);
        }
        map += (long)height * width;
    }
    for (int x = 0; x < op->width; x++) op->out[(long)y * op->width + x] = 1 / (1 + expf(-logits[x]));
}

static int units(const Operation *op) {
    switch (op->kind) {
    case WIDE: return parts(all_tiles(op), tiles_in_block(op));
    case SCATTER: return padded(all_tiles(op));
    case DEEP: return op->channels_out / CHANNELS;
    default: return op->height;
    }
}

static size_t scratch_floats(const Operation *op) {
    switch (op->kind) {
    case WIDE: {
        int tiles = tiles_in_block(op);
        return POINTS * (strides(tiles, op->channels_in).point + strides(tiles, op->channels_out).point);
    }
    case DEEP: return POINTS * (PANEL_FLOATS + strides(all_tiles(op), CHANNELS).point);
    case FUSE: return op->width;
    default: return 0;
    }
}

static void work(const Operation *op, int unit, float *scratch) {
    switch (op->kind) {
    case WIDE: wide(op, unit, scratch); break;
    case SCATTER: scatter(op, unit); break;
    case DEEP: deep(op, unit, scratch); break;
    case POOL: pool(op, unit); break;
    case UPSAMPLE: upsample(op, unit); break;
    case SIDE: side(op, unit); break;
    case FUSE: fuse(op, unit, scratch); break;
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

static size_t scratch_bytes(const Operation *operations, int count) {
    size_t most = 1;
    for (int i = 0; i < count; i++)
        if (scratch_floats(operations + i) > most) most = scratch_floats(operations + i);
    return (4 * most + 63) / 64 * 64;
}

size_t size_of_operation(void) { return sizeof(Operation); }

// Runs all `operations` on as many threads as asked for, of which one is the caller's, or as can be had. Returns 0, or 1
// without memory.
int run(const Operation *operations, int count, int threads) {
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    pthread_t others[MOST_THREADS];
    Run shared = {operations, count, scratch_bytes(operations, count), threads, calloc(count, sizeof(atomic_int)), 0, 0};
    if (!shared.next) return 1;
    int started = 1;
    while (started < threads && !pthread_create(&others[started], NULL, take_part, &shared)) started++;
    atomic_store(&shared.threads, started); // nobody is past the first operation, which waits for the caller too
    take_part(&shared);
    for (int i = 1; i < started; i++) pthread_join(others[i], NULL);
    free(shared.next);
    return shared.failed;
}
