"""What a person who breaks a handler relies on: the error names what happened, and the next invocation works."""

import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.deployment import FunctionConfiguration
from infra.local.function import Function, FunctionError
from infra.local.function_environment import function_environment

CONFIGURATION = FunctionConfiguration(
    name="toy",
    arn="arn:aws:lambda:us-east-1:123456789012:function:toy",
    timeout_seconds=2,
    memory_megabytes=1024,
    log_format="Text",
    environment={},
)

Start = Callable[[str], Function]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Makes a function of a handler's source."""
    functions = []

    def start_function(source: str) -> Function:
        (tmp_path / "handler.py").write_text(textwrap.dedent(source))
        environment = function_environment(
            CONFIGURATION, endpoint="http://127.0.0.1:9", task_root=str(tmp_path), extra={}
        )
        log = tmp_path / "log"
        log.touch()
        functions.append(Function(CONFIGURATION, tmp_path, environment, log))
        return functions[-1]

    yield start_function
    for function in functions:
        function.close()


def test_the_context_is_as_lambda_gives_it(start: Start) -> None:
    function = start("""
        def handler(event, context):
            return [context.function_name, context.memory_limit_in_mb, context.invoked_function_arn,
                    context.aws_request_id, context.get_remaining_time_in_millis()]
    """)
    name, memory, arn, first_id, remaining = function.invoke({})
    second_id = function.invoke({})[3]

    assert (name, memory, arn) == ("toy", "1024", CONFIGURATION.arn)
    assert first_id != second_id
    assert 1000 < remaining <= 2000


def test_a_warm_process_is_kept(start: Start) -> None:
    function = start("import os\ndef handler(event, context): return os.getpid()")

    assert function.invoke({}) == function.invoke({})


def test_a_large_event_and_a_large_answer_arrive_whole(start: Start) -> None:
    function = start("def handler(event, context): return event['text'] * 2")
    text = "ü" * 1_500_000

    assert function.invoke({"text": text}) == text * 2


def test_an_exception_of_the_handler_is_named_and_the_process_goes_on(start: Start) -> None:
    function = start("""
        import os
        def handler(event, context):
            if event:
                raise LookupError("no such photo")
            return os.getpid()
    """)
    process = function.invoke({})

    with pytest.raises(FunctionError) as caught:
        function.invoke({"fail": True})

    assert (caught.value.error_type, caught.value.error_message) == ("LookupError", "no such photo")
    assert function.invoke({}) == process


def test_a_handler_that_cannot_be_loaded_is_named(start: Start) -> None:
    function = start("import no_such_module")

    with pytest.raises(FunctionError, match="no_such_module") as caught:
        function.invoke({})

    assert caught.value.error_type == "Runtime.ImportModuleError"
    assert "no_such_module" in function.log_tail()


def test_a_handler_that_was_mended_is_loaded_by_the_next_invocation(start: Start, tmp_path: Path) -> None:
    function = start("raise RuntimeError('at import')")
    with pytest.raises(FunctionError, match="at import"):
        function.invoke({})

    (tmp_path / "handler.py").write_text("def handler(event, context):\n    return 'mended, at last'")

    assert function.invoke({}) == "mended, at last"


def test_a_process_that_dies_is_reported_with_how_it_died(start: Start) -> None:
    function = start("""
        import os, signal
        def handler(event, context):
            if event["how"] == "exit":
                os._exit(3)
            if event["how"] == "signal":
                os.kill(os.getpid(), signal.SIGSEGV)
            return "alive"
    """)
    with pytest.raises(FunctionError, match="exit status 3"):
        function.invoke({"how": "exit"})
    with pytest.raises(FunctionError, match="signal: SIGSEGV") as caught:
        function.invoke({"how": "signal"})

    assert caught.value.error_type == "Runtime.ExitError"
    assert function.invoke({"how": "not"}) == "alive"
    assert "Runtime.ExitError" in function.log_tail()


def test_time_runs_out_as_the_template_says_and_takes_what_the_handler_started_with_it(start: Start) -> None:
    function = start("""
        import subprocess, time
        def handler(event, context):
            if not event:
                return "alive"
            child = subprocess.Popen(["sleep", "60"])
            print("started", child.pid, flush=True)
            time.sleep(60)
    """)
    function.invoke({})
    begin = time.monotonic()

    with pytest.raises(FunctionError, match=r"Task timed out after 2\.00 seconds") as caught:
        function.invoke({"hang": True})

    assert caught.value.error_type == "Sandbox.Timedout"
    assert 2 <= time.monotonic() - begin < 3
    grandchild = int(function.log_tail().split("started ")[1].split()[0])
    wait_until_ended(grandchild)
    assert function.invoke({}) == "alive"


def test_a_slow_load_is_not_counted_against_the_time_of_the_invocation(start: Start) -> None:
    function = start("""
        import time
        time.sleep(1.2)
        def handler(event, context):
            time.sleep(1.2)
            return context.get_remaining_time_in_millis()
    """)
    assert 300 < function.invoke({}) <= 810  # the deadline is in whole milliseconds, and clocks differ by some


def test_threads_take_turns(start: Start) -> None:
    function = start("""
        import time
        def handler(event, context):
            time.sleep(0.1)
            return event["number"]
    """)
    answers: dict[int, object] = {}

    def invoke(number: int) -> None:
        answers[number] = function.invoke({"number": number})

    threads = [threading.Thread(target=invoke, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {number: number for number in range(5)}


def test_a_closed_function_refuses_work(start: Start) -> None:
    function = start("def handler(event, context): return 1")
    function.close()

    with pytest.raises(FunctionError, match="closed"):
        function.invoke({})


def wait_until_ended(process: int) -> None:
    """A killed process ends a moment later, and may wait as a zombie for a parent to read its status."""
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists():
        with suppress(FileNotFoundError):
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        assert time.monotonic() < deadline, "it runs on"
        time.sleep(0.02)
