"""If these fail, a video is read wrongly, whole into memory, or with a request to S3 for every frame."""

import io
from collections.abc import Callable

import pytest
from botocore.exceptions import IncompleteReadError
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import StorageUnavailable
from cutout.ranged import ATTEMPTS, KEPT_BLOCKS, RangedFile, Stream

BLOCK = 8
CONTENT = bytes(range(100))


class Answers:
    """What S3 answers with: `CONTENT` from a byte on, in pieces of 3, each breaking off after `whole` bytes."""

    def __init__(self, content: bytes = CONTENT, whole: Callable[[int], int] = lambda _: 1000) -> None:
        self.begins: list[int] = []
        self.open = 0
        self._content = content
        self._whole = whole

    def __call__(self, begin: int) -> Stream:
        self.begins.append(begin)
        self.open += 1
        return Piecemeal(self, self._content[begin:], self._whole(len(self.begins)))


class Piecemeal:
    def __init__(self, answers: Answers, content: bytes, whole: int) -> None:
        self._answers = answers
        self._content = io.BytesIO(content)
        self._whole = whole

    def read(self, amount: int) -> bytes:
        if self._content.tell() >= self._whole:
            raise IncompleteReadError(actual_bytes=self._content.tell(), expected_bytes=100)
        return self._content.read(min(amount, 3))

    def close(self) -> None:
        self._answers.open -= 1


def ranged(answers: Answers, content: bytes = CONTENT) -> RangedFile:
    return RangedFile(answers, len(content), BLOCK)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("read"), st.integers(0, 40)),
        st.tuples(st.just("set"), st.integers(0, 120)),
        st.tuples(st.just("forward"), st.integers(0, 30)),
        st.tuples(st.just("end"), st.integers(-100, 20)),
    ),
    max_size=40,
)


@given(st.integers(0, 100), steps, st.integers(1, 20))
def test_it_reads_as_a_file_in_memory_does(size: int, steps: list[tuple[str, int]], buffer_bytes: int) -> None:
    content = CONTENT[:size]
    expected, file = io.BytesIO(content), io.BufferedReader(ranged(Answers(content), content), buffer_bytes)
    whence = {"set": io.SEEK_SET, "forward": io.SEEK_CUR, "end": io.SEEK_END}
    for action, number in steps:
        if action == "read":
            assert file.read(number) == expected.read(number)
        else:
            number = max(number, -size) if action == "end" else number
            assert file.seek(number, whence[action]) == expected.seek(number, whence[action])
        assert file.tell() == expected.tell()


def test_reading_on_is_one_request() -> None:
    answers = Answers()
    assert ranged(answers).read() == CONTENT
    assert answers.begins == [0]


def test_an_empty_object_is_not_asked_for() -> None:
    answers = Answers(b"")
    assert ranged(answers, b"").read() == b""
    assert answers.begins == []


def test_looking_at_the_end_and_coming_back_are_two_requests_more() -> None:
    answers = Answers()
    file = ranged(answers)
    file.read(5)
    file.seek(-3, io.SEEK_END)
    assert file.read() == CONTENT[-3:]
    file.seek(5)
    assert file.read(95) == CONTENT[5:8]
    assert file.read(95) == CONTENT[8:16]
    assert answers.begins == [0, 96, 8]
    assert answers.open == 1


def test_reading_at_two_places_in_turn_asks_once_a_block_and_not_once_a_read() -> None:
    answers = Answers()
    file = ranged(answers)
    for offset in range(0, 16, 2):
        for place in (0, 48):
            file.seek(place + offset)
            assert file.read(2) == CONTENT[place + offset : place + offset + 2]
    assert answers.begins == [0, 48, 8, 56]


def test_no_more_than_some_blocks_are_kept() -> None:
    answers = Answers()
    file = ranged(answers)
    while file.read(BLOCK):
        assert len(file._blocks) <= KEPT_BLOCKS
    for place, requests in [(96 - BLOCK * (KEPT_BLOCKS - 1), 1), (0, 2)]:
        file.seek(place)
        assert file.read(1) == CONTENT[place : place + 1]
        assert len(answers.begins) == requests


@pytest.mark.parametrize("whole", [3, 5, 8, 11])
def test_content_that_breaks_off_is_asked_for_again_where_it_broke_off(whole: int) -> None:
    answers = Answers(whole=lambda request: whole if request == 1 else 1000)
    assert ranged(answers).read() == CONTENT
    assert answers.begins == [0, (whole + 2) // 3 * 3 // BLOCK * BLOCK]


def test_a_stream_that_ends_early_without_a_word_is_no_end_of_the_object() -> None:
    short = Answers(CONTENT[:50])
    with pytest.raises(StorageUnavailable, match="missing"):
        ranged(short).read()
    assert short.begins == [0, *[48] * (ATTEMPTS - 1)]


def test_what_breaks_off_again_and_again_may_be_tried_later() -> None:
    answers = Answers(whole=lambda _: 0)
    with pytest.raises(StorageUnavailable):
        ranged(answers).read()
    assert answers.begins == [0] * ATTEMPTS
    assert answers.open == 0


def test_a_closed_file_holds_no_connection_and_is_not_read() -> None:
    answers = Answers()
    file = ranged(answers)
    file.read(1)
    assert answers.open == 1
    file.close()
    file.close()
    assert answers.open == 0
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_there_is_no_position_before_the_beginning() -> None:
    with pytest.raises(ValueError, match="no position"):
        ranged(Answers()).seek(-1)
