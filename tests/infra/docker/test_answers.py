"""If these fail, a function that fails in Docker passes for one that works."""

import json

import pytest

from infra.docker.answers import HandlerFailed, answer, settled

RAISED = {
    "errorMessage": "This is no event that announces an upload.",
    "errorType": "UnreadableEvent",
    "requestId": "1",
    "stackTrace": ["  File handler.py, line 1\n"],
}


def test_what_the_handler_returns_is_the_answer() -> None:
    assert answer('{"detail-type": "Background Removed"}') == {"detail-type": "Background Removed"}
    assert answer("[]\n") == []
    assert settled('{"batchItemFailures": []}') == {"batchItemFailures": []}


def test_an_error_of_the_handler_is_told_with_where_it_was_raised() -> None:
    with pytest.raises(HandlerFailed, match=r"UnreadableEvent: This is no event[^$]*handler.py, line 1"):
        answer(json.dumps(RAISED))


@pytest.mark.parametrize("text", ["", "Task timed out after 120.00 seconds", "\n"])
def test_what_no_handler_returns_is_a_failure(text: str) -> None:
    with pytest.raises(HandlerFailed):
        answer(text)


def test_messages_that_go_back_to_the_queue_are_work_that_was_not_done() -> None:
    with pytest.raises(HandlerFailed, match="message-1"):
        settled('{"batchItemFailures": [{"itemIdentifier": "message-1"}]}')
