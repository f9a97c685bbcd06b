"""Keeping a claim while there is work that nobody can look at."""

from threading import Event, Thread
from typing import Self

from cutout.claim import Claim

BEAT_SECONDS = 10


class Pulse:
    """Keeps a claim from a thread of its own, within a `with`.

    Passing frames can't: after the last one FFmpeg rewrites a whole file without a word, and a table that is slow to
    answer would hold them up. A thread can't raise anything in another. So `check` does, with every frame and every
    part of an output, and a silent call into FFmpeg comes to its end first. Nothing depends on how soon: an outcome is
    told only by whoever renews the claim just before.
    """

    def __init__(self, claim: Claim, beat_seconds: float = BEAT_SECONDS) -> None:
        self._claim = claim
        self._beat_seconds = beat_seconds
        self._error: Exception | None = None
        self._over = Event()
        self._thread = Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raises what the claim could not be kept for: as `Claim.keep` does."""
        if self._error:
            raise self._error

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            try:
                self._claim.keep()
            except Exception as error:  # noqa: BLE001 - raised by check
                self._error = error
                return
