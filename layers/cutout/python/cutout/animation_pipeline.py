"""All frames of an animation, from pictures to the bytes of outputs that move as it does."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np

from cutout.arrays import Floats, Pixels, SaliencyMap
from cutout.choices import Edges
from cutout.matting.assess import MeanVerdict, assess
from cutout.matting.motion import Steps
from cutout.matting.temporal import Stabiliser
from cutout.media.animation import Animation
from cutout.media.picture import Picture
from cutout.net_sample import sample_of
from cutout.options import Options
from cutout.photo_outputs import Result, animated_rendition
from cutout.photo_parts import box_of, matte_of, parts_of, require_subject
from cutout.saliency.detector import Detector, normalise
from cutout.stopwatch import Stopwatch


def remove_from_animation(
    animation: Animation,
    options: Options,
    detector: Detector,
    read_picture: Callable[[str], Picture],
    watch: Stopwatch,
) -> Result:
    """Make the outputs that `options` ask for of all frames of `animation`, each with a frame for each of its own.

    The maps of all frames are stretched by one measure and agree from frame to frame, so that nothing flickers.

    Raises:
        Refusal: the animation, or what is asked of it, is at fault.
    """
    with watch.stage("saliency"):
        samples = np.stack([sample_of(frame) for frame in animation.frames])
        probabilities = in_batches(samples, detector)
        stretched = normalise(probabilities)
    with watch.stage("stabilise"):
        maps = list(stabilised(samples, stretched))
    with watch.stage("matte"):
        mattes = [matte_of(frame, each, Edges.FAST) for frame, each in zip(animation.frames, maps, strict=True)]
        everything = np.maximum.reduce(mattes)
        require_subject(everything)
    background = cache(read_picture)
    box = box_of(options.crop, everything)
    frames = [
        parts_of(frame, matte, options, background, watch).cropped(box)
        for frame, matte in zip(animation.frames, mattes, strict=True)
    ]
    renditions = tuple(animated_rendition(output, frames, animation.timing, watch) for output in options.outputs)
    verdict = MeanVerdict()
    for probability, each in zip(probabilities, stretched, strict=True):
        verdict.add(assess(each, float(probability.max())))
    return Result(renditions, verdict.mean(), watch.seconds)


def in_batches(samples: Pixels, detector: Detector) -> Floats:
    """The net's probabilities of `samples`, N x 320 x 320 x 3 uint8, by as many at once as the detector likes."""
    probabilities = []
    done = 0
    while done < len(samples):
        batch = samples[done : done + detector.batch_size]
        probabilities.append(detector.detect_resized(batch))
        done += len(batch)
    return np.concatenate(probabilities)


def stabilised(samples: Pixels, maps: Sequence[SaliencyMap] | Floats) -> Iterator[SaliencyMap]:
    steps, stabiliser = Steps(), Stabiliser()
    for sample, each in zip(samples, maps, strict=True):
        yield from stabiliser.push(steps.to(sample), each)
    yield from stabiliser.flush()
