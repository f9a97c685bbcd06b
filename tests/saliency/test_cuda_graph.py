"""If these fail, a GPU's memory that runs short ends a video in place of slowing it down."""

from collections.abc import Callable

import torch

from cutout.saliency.cuda_graph import is_out_of_memory


def raised_by(work: Callable[[], None]) -> BaseException:
    try:
        work()
    except RuntimeError as error:
        return error
    raise AssertionError("nothing was raised")


def test_memory_that_runs_short_within_a_recording_is_known_by_what_it_came_of() -> None:
    """Ending the recording then fails as well, with an error that says nothing of memory."""

    def recording() -> None:
        try:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        finally:
            raise RuntimeError("operation failed due to a previous error during capture")

    assert is_out_of_memory(raised_by(recording))


def test_other_errors_are_not_taken_for_it() -> None:
    def recording() -> None:
        raise RuntimeError("operation not permitted when stream is capturing")

    assert not is_out_of_memory(raised_by(recording))
