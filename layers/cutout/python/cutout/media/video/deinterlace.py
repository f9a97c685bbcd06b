"""Whole pictures out of interlaced ones."""

from collections.abc import Iterator
from fractions import Fraction

import av
from av.error import BlockingIOError, EOFError  # noqa: A004 - FFmpeg's own

FILTER = "bwdif"
SETTINGS = "mode=send_frame:deint=interlaced"


class Deinterlacer:
    """FFmpeg's filter bwdif: one frame out for one in, at the same time; frames that aren't interlaced are left alone.

    Source: Weston, "Image Conversion", and the w3fdif and yadif filters that bwdif joins.
    """

    def __init__(self, like: av.VideoFrame, time_base: Fraction) -> None:
        self._graph = av.filter.Graph()
        source = self._graph.add_buffer(width=like.width, height=like.height, format=like.format, time_base=time_base)
        self._graph.link_nodes(source, self._graph.add(FILTER, SETTINGS), self._graph.add("buffersink")).configure()
        self._time_base = time_base

    def push(self, frame: av.VideoFrame | None) -> Iterator[av.VideoFrame]:
        """Give it the next frame, or None at the end; yields those that are ready, with times in the time base."""
        self._graph.vpush(frame)
        while True:
            try:
                ready = self._graph.vpull()
            except (BlockingIOError, EOFError):
                return
            if ready.pts is not None:
                ready.pts = round(ready.pts * ready.time_base / self._time_base)
            ready.time_base = self._time_base
            yield ready
