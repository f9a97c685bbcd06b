"""Frames as the rest of cutout wants them: in a working layout, upright, all of one size."""

from av import CodecContext, VideoFrame
from av.video.reformatter import VideoReformatter

from cutout.limits import VideoLimits
from cutout.media.orientation import SIDEWAYS, UPRIGHT
from cutout.media.video.layouts import bits_of, has_alpha, layout, subsampling_of, working_layout
from cutout.media.video.opening import check_size
from cutout.media.video.tags import UNSPECIFIED, ColourTags, stated_by, tags_of
from cutout.media.video.upright import orientation_of, turned

PLAIN_NAMES = {"yuvj420p": "yuv420p", "yuvj422p": "yuv422p", "yuvj444p": "yuv444p"}
"""Layouts whose name says that the range is full, which the tags say too."""


class Normaliser:
    """Keeps to the size, the tags and the turn of the first frame: an output can't change them on the way."""

    def __init__(self, limits: VideoLimits, context: CodecContext) -> None:
        self._limits = limits
        self._stated = stated_by(context)
        self._reformatter = VideoReformatter()
        self._size = (0, 0)
        self._layout = ""
        self._tags: ColourTags | None = None
        self.frames_resized = 0
        self.is_sideways = False
        self._orientation = UPRIGHT

    @property
    def tags(self) -> ColourTags:
        """Of every frame."""
        if self._tags is None:
            raise ValueError("the tags are those of the first frame, and there has been none")
        return self._tags

    def normalise(self, frame: VideoFrame) -> VideoFrame:
        """Samples change only where the layout isn't one that is worked in, or the size isn't the first frame's.

        Raises:
            TooManyPixels: the frame is larger than the limits, whatever the header says.
        """
        check_size(frame.width, frame.height, self._limits)
        if self._tags is None:
            self._orientation = orientation_of(frame)
            self._tags = tags_of(frame, self._stated)
            self._size = (frame.width, frame.height)
            self.is_sideways = self._orientation in SIDEWAYS
            self._layout = turnable(working_layout(frame.format.name), is_sideways=self.is_sideways)
        if (frame.width, frame.height) != self._size:
            self.frames_resized += 1
        # The tags travel beside the frame. On it, swscale would convert by some of them, and refuse others.
        frame.color_primaries = frame.color_trc = UNSPECIFIED
        return turned(self._reformatted(frame), self._orientation)

    def _reformatted(self, frame: VideoFrame) -> VideoFrame:
        is_as_wanted = PLAIN_NAMES.get(frame.format.name, frame.format.name) == self._layout
        if is_as_wanted and (frame.width, frame.height) == self._size:
            return frame
        own, kept = tags_of(frame, self._stated), self.tags
        width, height = self._size
        return self._reformatter.reformat(
            frame,
            width,
            height,
            self._layout,
            src_colorspace=own.swscale_matrix,
            dst_colorspace=kept.swscale_matrix,
            src_color_range=own.swscale_range,
            dst_color_range=kept.swscale_range,
        )


def turnable(name: str, *, is_sideways: bool) -> str:
    """`name`, or the layout with chroma as wide as high that it has to be in before a quarter turn."""
    if is_sideways and subsampling_of(name) == "422":
        return layout("444", bits_of(name), alpha=has_alpha(name))
    return name
