"""Stages that work at the same time, each in a thread, with bounded queues between them."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, Self, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


class Stopped(Exception):
    """Another stage failed, or nobody wants more. It ends the stage that meets it, and never leaves the `Line`."""


class End:
    """Nothing comes after it."""


class Channel(Generic[Item]):
    """A queue of at most `size` items that can be stopped: whoever waits at it then gets `Stopped`."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque[Item | End] = deque()
        self._changed = threading.Condition()
        self._is_stopped = False

    def put(self, item: Item | End) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or len(self._items) < self._size)
            self._raise_if_stopped()
            self._items.append(item)
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Item]:
        while not isinstance(item := self._get(), End):
            yield item

    def stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._items.clear()
            self._changed.notify_all()

    def _get(self) -> Item | End:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or bool(self._items))
            self._raise_if_stopped()
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def _raise_if_stopped(self) -> None:
        if self._is_stopped:
            raise Stopped


class Budget:
    """Something of which there is so much, and which is shared. Whoever wants more than all of it waits to be alone."""

    def __init__(self, amount: int) -> None:
        self._amount = self._left = amount
        self._turn = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def share(self, amount: int) -> Iterator[None]:
        """Hold `amount` of it until the block ends; waits until there is as much. Nobody is overtaken."""
        held = min(amount, self._amount)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._left >= held)
            self._left -= held
        try:
            yield
        finally:
            with self._changed:
                self._left += held
                self._changed.notify_all()


class Line:
    """A context manager that holds the stages. The first error in any of them stops all, and is what leaves it.

    No thread is left when it has been left.
    """

    def __init__(self) -> None:
        self._channels: list[Channel[object]] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._fail(error)
        for channel in self._channels:
            channel.stop()
        for thread in self._threads:
            thread.join()
        if self._error is not None and self._error is not error:
            raise self._error from None

    def ahead(self, name: str, items: Iterable[Item], size: int) -> Iterator[Item]:
        """`items`, made in a thread of their own, at most `size` before they are asked for."""
        channel: Channel[Item] = Channel(size)

        def make() -> None:
            for item in items:
                channel.put(item)
            channel.put(End())

        self._start(name, channel, make)
        return iter(channel)

    def sink(self, name: str, consume: Callable[[Iterator[Item]], None], size: int) -> "Channel[Item]":
        """Where to put what `consume` works through in a thread of its own. `End()` is the last of it."""
        channel: Channel[Item] = Channel(size)
        self._start(name, channel, lambda: consume(iter(channel)))
        return channel

    def finish(self) -> None:
        """Wait for all stages, which have been given their end."""
        for thread in self._threads:
            thread.join()
        if self._error is not None:
            raise Stopped

    def _start(self, name: str, channel: "Channel[Item]", work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - it is raised where the line is left
                self._fail(error)

        self._channels.append(channel)  # type: ignore[arg-type]
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _fail(self, error: BaseException) -> None:
        """Keep the first error, and stop all stages."""
        with self._lock:
            if self._error is None and not isinstance(error, Stopped):
                self._error = error
        for channel in self._channels:
            channel.stop()
