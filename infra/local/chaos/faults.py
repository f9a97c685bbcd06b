"""Which fault meets which request: drawn from a seed, and bounded."""

import threading
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    THROTTLED = "throttled"
    BROKEN = "500"
    PARTIAL = "refused within a 200"
    RESET = "reset before it arrived"
    LOST = "done, and the answer lost"
    SLOW = "slow body"
    CUT = "body cut off"
    STALLED = "no answer until the time is over"
    CURSED = "cursed"


USUAL = (Fault.THROTTLED, Fault.BROKEN, Fault.RESET, Fault.LOST, Fault.SLOW, Fault.CUT)


class Faults:
    """May be used by several threads. `share` of the requests meet a fault, and no more than `most` in all.

    `stalls` of them are stalls. What lies under `cursed` in any bucket can't be read until `end`, beyond those.
    """

    def __init__(self, random: Random, share: float, most: int, stalls: int, cursed: str) -> None:
        self._random = random
        self._share = share
        self._most = most
        self._stalls = stalls
        self._cursed = cursed
        self._lock = threading.Lock()
        self._ended = False
        self._passing = 0
        self._met: Counter[tuple[str, str]] = Counter()

    def draw(self, service: str, operation: str, path: str) -> Fault | None:
        """The fault that this request meets, if any."""
        with self._lock:
            fault = self._drawn(service, operation, path)
            if fault:
                self._met[service, str(fault)] += 1
            return fault

    def end(self) -> None:
        """No fault from now on."""
        with self._lock:
            self._ended = True

    def met(self) -> Mapping[tuple[str, str], int]:
        """How many there were, by service and fault."""
        with self._lock:
            return dict(self._met)

    def _drawn(self, service: str, operation: str, path: str) -> Fault | None:
        if self._ended:
            return None
        if operation == "GET" and f"/{self._cursed}" in path:
            return Fault.CURSED
        if self._passing >= self._most or self._random.random() >= self._share:
            return None
        self._passing += 1
        if service == "s3" and self._stalls and self._random.random() < 0.1:
            self._stalls -= 1
            return Fault.STALLED
        return self._random.choice([*USUAL, Fault.PARTIAL] if operation == "PutEvents" else USUAL)
