"""A large object of S3 as a seekable file, read by ranges."""

import io
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError

from cutout.errors import StorageUnavailable

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 4 << 20
KEPT_BLOCKS = 4
"""Readers of films jump to and fro between picture and sound. Each finds its own block still there."""

ATTEMPTS = 5
"""As many as S3's own client makes of a request. It makes none of a body that breaks off."""


class Stream(Protocol):
    """Content on its way: what S3 answers with."""

    def read(self, amount: int) -> bytes: ...

    def close(self) -> None: ...


class RangedFile(io.RawIOBase):
    """`size_bytes` of content in blocks, of which the latest are kept.

    `open_at` asks for the content from a byte to the end. What it answers is read on for as long as blocks are wanted
    one after the other; a jump drops it and asks anew. It raises its errors by name.
    """

    def __init__(self, open_at: Callable[[int], Stream], size_bytes: int, block_bytes: int = BLOCK_BYTES) -> None:
        self._open_at = open_at
        self._size_bytes = size_bytes
        self._block_bytes = block_bytes
        self._position = 0
        self._blocks: OrderedDict[int, bytes] = OrderedDict()
        self._stream: Stream | None = None
        self._next_block = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origins = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size_bytes}
        if whence not in origins or origins[whence] + offset < 0:
            raise ValueError(f"there is no position {offset} from {whence}")
        self._position = origins[whence] + offset
        return self._position

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill `buffer`, or what the block at the position has for it.

        Raises:
            StorageUnavailable: the content broke off, again and again.
        """
        if self.closed:
            raise ValueError("the file is closed")
        if self._position >= self._size_bytes:
            return 0
        number, begin = divmod(self._position, self._block_bytes)
        target = memoryview(buffer).cast("B")
        chunk = memoryview(self._block(number))[begin : begin + len(target)]
        target[: len(chunk)] = chunk
        self._position += len(chunk)
        return len(chunk)

    def close(self) -> None:
        self._drop()
        self._blocks.clear()
        super().close()

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            block = self._fetch(number)
            while len(self._blocks) >= KEPT_BLOCKS:
                self._blocks.popitem(last=False)
            self._blocks[number] = block
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _fetch(self, number: int) -> bytes:
        begin = number * self._block_bytes
        amount = min(self._block_bytes, self._size_bytes - begin)
        if self._next_block != number:
            self._drop()
        failures = 0
        while True:
            self._stream = self._stream or self._open_at(begin)
            try:
                block = exactly(self._stream, amount)
            except (BotoCoreError, OSError) as error:
                self._drop()
                failures += 1
                if failures == ATTEMPTS:
                    raise StorageUnavailable(f"S3 broke off {failures} times from byte {begin} on: {error}") from error
            else:
                self._next_block = number + 1
                return block

    def _drop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()


def exactly(stream: Stream, amount: int) -> bytes:
    """`amount` bytes of `stream`, which may hand them out in pieces. Raises ConnectionError where it ends."""
    pieces = []
    while amount:
        piece = stream.read(amount)
        if not piece:
            raise ConnectionError(f"{amount} bytes are missing")
        pieces.append(piece)
        amount -= len(piece)
    return b"".join(pieces)
