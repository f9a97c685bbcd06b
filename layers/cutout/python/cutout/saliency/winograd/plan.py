"""U-2-Net as a list of operations on parts of one piece of memory, in the order in which they run.

It says again what `saliency.u2net` says in torch, without torch. A concatenation is no operation here: what is to stand
side by side is written side by side.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from math import ceil

from cutout.models import Model
from cutout.saliency.blocks import STAGES, Block
from cutout.saliency.preprocess import INPUT_SIDE

LANES = 8
"""Floats that the kernels take at once. The picture's three channels are padded to as many."""

WIDE_FROM_SIDE = 80
"""Transformed filters are four times as large. Where pictures are smaller there are many filters and few tiles."""

POINTS = 36
"""Of a transformed tile, 6 x 6, of which 4 x 4 pixels are made."""

SPARE_TILES, SKEW = 4, 16
"""Room that the kernels want: for so many more tiles, and in floats, behind each tile and behind a point's tiles."""


class Kind(IntEnum):
    """What kernels.c can do."""

    WIDE = 0
    SCATTER = 1
    DEEP = 2
    POOL = 3
    UPSAMPLE = 4
    SIDE = 5
    FUSE = 6


@dataclass(frozen=True)
class Picture:
    """`side` x `side` x `channels` floats, each pixel `stride` after the one before, from `start` of a buffer."""

    buffer: int
    side: int
    channels: int
    stride: int
    start: int = 0

    def part(self, first: int, channels: int) -> "Picture":
        return replace(self, start=self.start + first, channels=channels)


@dataclass(frozen=True)
class Step:
    """One operation. `add` is added to the result, and `convolution` numbers the convolution that it is, if it is one.

    Convolutions are numbered as they run.
    """

    kind: Kind
    source: Picture
    target: Picture
    convolution: int | None = None
    dilation: int = 1
    add: Picture | None = None


@dataclass(frozen=True)
class Plan:
    """`sizes` are of the buffers, in floats. `picture` is what the net is given, `result` what it makes of it."""

    steps: tuple[Step, ...]
    sizes: tuple[int, ...]
    picture: Picture
    result: Picture


class Planner:
    """Takes down operations as the net would run them."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.sizes: list[int] = []
        self._convolutions = 0

    def room(self, side: int, channels: int) -> Picture:
        self.sizes.append(side * side * channels)
        return Picture(len(self.sizes) - 1, side, channels, channels)

    def convolve(self, source: Picture, target: Picture, dilation: int = 1, add: Picture | None = None) -> None:
        kind = Kind.WIDE
        if source.side < WIDE_FROM_SIDE:
            kind, tiles = Kind.DEEP, self._room_for_tiles(source, dilation)
            self.steps.append(Step(Kind.SCATTER, source, tiles, dilation=dilation))
            source = tiles
        self.steps.append(Step(kind, source, target, self._next_convolution(), dilation, add=add))

    def _room_for_tiles(self, picture: Picture, dilation: int) -> Picture:
        """Room for what is no picture, but made of one as large."""
        self.sizes.append(tiles_size(picture.side, picture.channels, dilation))
        return Picture(len(self.sizes) - 1, picture.side, picture.channels, picture.channels)

    def side_output(self, source: Picture, target: Picture) -> None:
        self.steps.append(Step(Kind.SIDE, source, target, self._next_convolution()))

    def fuse(self, sides: Picture, target: Picture) -> None:
        self.steps.append(Step(Kind.FUSE, sides, target, self._next_convolution()))

    def pool(self, source: Picture) -> Picture:
        target = self.room(source.side // 2, source.channels)
        self.steps.append(Step(Kind.POOL, source, target))
        return target

    def upsample(self, source: Picture, target: Picture) -> None:
        self.steps.append(Step(Kind.UPSAMPLE, source, target))

    def _next_convolution(self) -> int:
        self._convolutions += 1
        return self._convolutions - 1


def plan(model: Model) -> Plan:
    """The whole net, figure 5 of the paper, for a picture of 320 x 320."""
    stages, planner = STAGES[model], Planner()
    picture = source = planner.room(INPUT_SIDE, LANES)
    joined: list[Picture] = []
    """What each decoder block is given, the last one's first: the block below it, and the encoder's of its size."""
    for block, decoder in zip(stages.encoder[:-1], reversed(stages.decoder), strict=True):
        joined.append(planner.room(source.side, decoder.channels_in))
        stage = joined[-1].part(decoder.channels_in - block.channels_out, block.channels_out)
        add_block(planner, block, source, stage)
        source = planner.pool(stage)
    outputs = [planner.room(source.side, stages.encoder[-1].channels_out)]
    add_block(planner, stages.encoder[-1], source, outputs[0])
    for block in stages.decoder:
        given = joined.pop()
        planner.upsample(outputs[-1], given.part(0, outputs[-1].channels))
        outputs.append(planner.room(given.side, block.channels_out))
        add_block(planner, block, given, outputs[-1])
    result = add_side_outputs(planner, list(reversed(outputs)))
    return Plan(tuple(planner.steps), tuple(planner.sizes), picture, result)


def add_block(planner: Planner, block: Block, source: Picture, target: Picture) -> None:
    """An RSU: H(x) = U(F1(x)) + F1(x)."""
    features = planner.room(source.side, block.channels_out)
    planner.convolve(source, features)
    if block.dilated:
        add_dilated_u(planner, block, features, target)
    else:
        add_u(planner, block, features, target)


def add_u(planner: Planner, block: Block, features: Picture, target: Picture) -> None:
    middle, joined, source = block.channels_mid, [], features
    for _ in range(block.height - 1):
        joined.append(planner.room(source.side, 2 * middle))
        skip = joined[-1].part(middle, middle)
        planner.convolve(source, skip)
        source = planner.pool(skip) if len(joined) < block.height - 1 else skip
    planner.convolve(source, joined[-1].part(0, middle), dilation=2)
    while len(joined) > 1:
        given = joined.pop()
        below = planner.room(given.side, middle)
        planner.convolve(given, below)
        planner.upsample(below, joined[-1].part(0, middle))
    planner.convolve(joined.pop(), target, add=features)


def add_dilated_u(planner: Planner, block: Block, features: Picture, target: Picture) -> None:
    middle, joined, source = block.channels_mid, [], features
    for dilation in (1, 2, 4):
        joined.append(planner.room(source.side, 2 * middle))
        skip = joined[-1].part(middle, middle)
        planner.convolve(source, skip, dilation)
        source = skip
    planner.convolve(source, joined[-1].part(0, middle), dilation=8)
    for dilation in (4, 2):
        given = joined.pop()
        planner.convolve(given, joined[-1].part(0, middle), dilation)
    planner.convolve(joined.pop(), target, add=features)


def add_side_outputs(planner: Planner, outputs: list[Picture]) -> Picture:
    """The logits of all sizes, the largest first, one after another in one buffer, and what they are fused to."""
    planner.sizes.append(sum(output.side**2 for output in outputs))
    sides = Picture(len(planner.sizes) - 1, INPUT_SIDE, len(outputs), 1)
    start = 0
    for output in outputs:
        planner.side_output(output, Picture(sides.buffer, output.side, 1, 1, start))
        start += output.side**2
    result = planner.room(INPUT_SIDE, 1)
    planner.fuse(sides, result)
    return result


def tiles_size(side: int, channels: int, dilation: int) -> int:
    """In floats, all transformed tiles of a picture."""
    tiles = (dilation * ceil(ceil(side / dilation) / 4)) ** 2
    return POINTS * ((tiles + SPARE_TILES) * (channels + SKEW) + SKEW)


def places(plan: Plan) -> tuple[list[int], int]:
    """Where each buffer begins in one piece of memory, and how large that is, in floats.

    Buffers share a place where one is over before the other begins. The largest choose first.
    """
    first, last = lifetimes(plan)
    taken: list[tuple[int, int, int]] = []
    """Of a buffer that has its place: its number, where it begins and where it ends."""
    for buffer in sorted(range(len(plan.sizes)), key=lambda each: -plan.sizes[each]):
        start = 0
        for other, begin, end in sorted(taken, key=lambda each: each[1]):
            together = first[other] <= last[buffer] and first[buffer] <= last[other]
            if together and begin < start + plan.sizes[buffer] and start < end:
                start = end
        taken.append((buffer, start, start + -(-plan.sizes[buffer] // 16) * 16))
    starts = {buffer: begin for buffer, begin, _ in taken}
    return [starts[buffer] for buffer in range(len(plan.sizes))], max(end for *_, end in taken)


def lifetimes(plan: Plan) -> tuple[dict[int, int], dict[int, int]]:
    """The first and the last step that touch each buffer. The result outlives all steps."""
    first: dict[int, int] = {plan.picture.buffer: -1}
    last: dict[int, int] = {}
    for number, step in enumerate(plan.steps):
        for picture in (step.source, step.target, *((step.add,) if step.add else ())):
            first.setdefault(picture.buffer, number)
            last[picture.buffer] = number
    last[plan.result.buffer] = len(plan.steps)
    return first, last
