"""Recording what a GPU is to do, once, so that it can be told again in one word. A net of 112 layers takes hundreds."""

from collections.abc import Callable

import torch

Work = Callable[[], None]
"""Reads and writes tensors that stay where they are, and gives nothing back."""

WARM_UPS = 3
"""Runs before a recording: in the first ones libraries choose and allocate. Source: torch's notes on CUDA graphs."""


def unrecorded(work: Work) -> Work:
    """For a CPU, where there is nothing to save: the work itself."""
    return work


def recorded(work: Work) -> Work:
    """What does `work` again on this thread's GPU, in the memory that the recording holds. Not tested on one yet.

    Raises:
        torch.OutOfMemoryError: the GPU's memory is too small for the work.
    """
    caller, stream, graph = torch.cuda.current_stream(), torch.cuda.Stream(), torch.cuda.CUDAGraph()  # type: ignore[no-untyped-call]
    stream.wait_stream(caller)
    try:
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                work()
            # Other threads may call CUDA meanwhile: videos are decoded and encoded by the same GPU.
            with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                work()
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise torch.OutOfMemoryError(str(error)) from error
        raise
    caller.wait_stream(stream)
    return graph.replay


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether `error` is it, or came up while it was handled: ending a recording that failed fails too."""
    while error is not None:
        if isinstance(error, torch.OutOfMemoryError):
            return True
        error = error.__context__
    return False
