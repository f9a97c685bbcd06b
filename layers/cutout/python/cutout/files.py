"""Photos and videos in files: which there are, where their outputs go, and writing those whole or not at all."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cutout.choices import PHOTO_ENDINGS, Output
from cutout.errors import InvalidOption, TooManyBytes
from cutout.limits import Limits

PHOTO_SUFFIXES = {
    ".avif",
    ".bmp",
    ".gif",
    ".heic",
    ".heif",
    ".hif",
    ".jpeg",
    ".jpg",
    ".mpo",
    ".png",
    ".tif",
    ".tiff",
    ".webp",
}
"""What a photo's name ends with."""

ENDINGS = {
    ".png": (Output.PNG, Output.MASK),
    ".webp": (Output.WEBP, Output.WEBP_LOSSLESS),
    ".jpg": (Output.JPG,),
    ".jpeg": (Output.JPG,),
    ".avif": (Output.AVIF,),
    ".zip": (Output.LAYERS,),
}
"""What a file that is named so can hold. The first is meant unless another is asked for."""
VIDEO_ENDINGS = {".mp4": Output.MP4, ".m4v": Output.MP4, ".webm": Output.WEBM, ".mov": Output.MOV}


@dataclass(frozen=True)
class Job:
    """One photo's file, and the file of each of its outputs."""

    source: Path
    targets: dict[Output, Path]


@dataclass(frozen=True)
class Plan:
    """All that a call is asked to do. `passed_over` are files in the folder that no photo is named like."""

    jobs: tuple[Job, ...]
    passed_over: tuple[Path, ...] = ()


def default_output(target: Path) -> Output:
    """What a user who names `target` and no outputs means."""
    name = target.name.lower()
    own = [output for output, ending in PHOTO_ENDINGS.items() if name.endswith(ending)]
    if own:
        return own[0]
    return ENDINGS.get(target.suffix.lower(), (Output.PNG,))[0]


def plan(source: Path, target: Path, outputs: tuple[Output, ...]) -> Plan:
    """What to make of `source`, a file or a folder, at `target`.

    Names in a folder are the photo's own name plus the output's ending, so that a.jpg and a.png never overwrite one
    another.

    Raises:
        InvalidOption: the target can't hold what is asked for, or is the source itself.
    """
    if source.is_dir():
        work = plan_folder(source, target, outputs)
    elif target.is_dir() or not (target.suffix or target.exists()):
        work = Plan((in_folder(source, target, outputs),))
    else:
        work = Plan((Job(source, at_file(target, outputs)),))
    check_originals(work)
    return work


def plan_video(source: Path, target: Path, outputs: tuple[Output, ...] | None) -> Job:
    """What to make of the video `source` at `target`, a file whose ending decides, or a folder.

    Raises:
        InvalidOption: the target can't hold what is asked for, or is the source itself.
    """
    if target.is_dir() or not (target.suffix or target.exists()):
        wanted = outputs or (Output.MP4,)
        job = Job(source, {output: target / f"{source.name}{output.video_ending}" for output in wanted})
    else:
        job = Job(source, at_video_file(target, outputs))
    check_originals(Plan((job,)))
    return job


def at_video_file(target: Path, outputs: tuple[Output, ...] | None) -> dict[Output, Path]:
    """The output that `target` is named for goes there, and others beside it."""
    own = VIDEO_ENDINGS.get(target.suffix.lower())
    if own is None:
        raise InvalidOption(f"The output {target} ends with none of {', '.join(VIDEO_ENDINGS)}, and is no folder.")
    if own is Output.MP4 and outputs == (Output.MASK,):
        own = Output.MASK
    return beside(target, own, outputs or (own,), {output: output.video_ending for output in Output})


def check_originals(work: Plan) -> None:
    """Refuse to write over what is to be read."""
    originals = {job.source.resolve() for job in work.jobs}
    for job in work.jobs:
        for target in job.targets.values():
            if target.resolve() in originals:
                raise InvalidOption(f"The output {target} would replace an original. Name another OUTPUT.")


def at_file(target: Path, outputs: tuple[Output, ...]) -> dict[Output, Path]:
    """The output that `target` is named for goes there, and others beside it."""
    possible = ENDINGS.get(target.suffix.lower())
    if possible is None:
        raise InvalidOption(f"The output {target} ends with none of {', '.join(ENDINGS)}, and is no folder.")
    own = next((output for output in possible if output in outputs), possible[0])
    return beside(target, own, outputs, {output: output.ending for output in Output})


def beside(target: Path, own: Output, outputs: tuple[Output, ...], endings: Mapping[Output, str]) -> dict[Output, Path]:
    if own not in outputs:
        raise InvalidOption(f"{target} is named like {own}, which is not among the outputs {', '.join(outputs)}.")
    return {output: target if output is own else target.with_suffix(endings[output]) for output in outputs}


def plan_folder(source: Path, target: Path, outputs: tuple[Output, ...]) -> Plan:
    if target.is_file():
        raise InvalidOption(f"{source} is a folder, so the output is one too, and {target} is a file.")
    if target.resolve() == source.resolve():
        raise InvalidOption("OUTPUT is the folder of photos itself: a second run would take the outputs for photos.")
    jobs, passed_over = [], []
    for path in visible_files(source, leaving_out=target):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            jobs.append(in_folder(path, target / path.parent.relative_to(source), outputs))
        else:
            passed_over.append(path)
    return Plan(tuple(jobs), tuple(passed_over))


def visible_files(folder: Path, leaving_out: Path) -> Iterator[Path]:
    """All files below `folder` in order of name, but for hidden ones and those below `leaving_out`."""
    excluded = {leaving_out.resolve()} - {folder.resolve(), *folder.resolve().parents}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and excluded.isdisjoint(path.resolve().parents):
            yield path


def in_folder(source: Path, folder: Path, outputs: tuple[Output, ...]) -> Job:
    return Job(source, {output: folder / f"{source.name}{output.ending}" for output in outputs})


def read_whole(path: Path, limits: Limits) -> bytes:
    """The content of `path`. Raises TooManyBytes before reading what is larger than `limits` allow."""
    size = path.stat().st_size
    if size > limits.bytes:
        raise TooManyBytes(f"The file has {size / 1e6:.1f} megabytes, and the limit is {limits.megabytes:g}.")
    return path.read_bytes()


def write_whole(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that nobody ever finds a part of it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".cutout-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
