"""The image function as Lambda itself drives it: by the emulator's Runtime API, without Docker.

If these fail, the function works in our own stand-ins and not under Lambda's entry point.
"""

import io
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from infra.docker.answers import HandlerFailed
from infra.docker.emulator import Emulator, EmulatorMissing, arguments, binary, emulated
from infra.docker.recorded import photo
from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.deployment import FunctionConfiguration
from infra.local.function_environment import function_environment

BUCKET = "emulated"
ENTRY_POINT = (sys.executable, "-m", "awslambdaric", "handler.handler")


@pytest.fixture(scope="module", autouse=True)
def _emulator_is_there() -> None:
    try:
        binary()
    except EmulatorMissing as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(f"THE FUNCTION WAS NOT RUN UNDER LAMBDA'S EMULATOR. {missing}")


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@contextmanager
def function(aws: EmbeddedAws, folder: Path, weights: Path, log: Path) -> Iterator[Emulator]:
    told = {
        "CUTOUT_OUTPUT_BUCKET": aws.outputs["OutputBucket"],
        "CUTOUT_RESULT_BUS": aws.outputs["ResultBus"],
        "CUTOUT_IDEMPOTENCY_TABLE": aws.outputs["IdempotencyTable"],
        "CUTOUT_MODEL": "u2netp",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "60",
    }
    configuration = FunctionConfiguration(
        "image", "arn:aws:lambda:us-east-1:123456789012:function:image", 60, 4096, "JSON", told
    )
    environment = function_environment(
        configuration, endpoint=aws.endpoint, task_root=str(folder), extra={"CUTOUT_WEIGHTS_DIR": str(weights)}
    )
    with log.open("w") as output, emulated(ENTRY_POINT, folder, environment, output) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def image_function(
    aws: EmbeddedAws, weights_directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    log = tmp_path_factory.mktemp("emulator") / "log"
    with function(aws, REPOSITORY / "functions" / "image", weights_directory, log) as emulator:
        yield emulator


def test_a_direct_call_is_answered_and_its_cutout_is_written(aws: EmbeddedAws, image_function: Emulator) -> None:
    content = photo(0)
    aws.client("s3").put_object(Bucket=BUCKET, Key="a+b 100% ü.jpg", Body=content)
    answer = image_function.invoke({"bucket": BUCKET, "key": "a+b 100% ü.jpg"})
    assert answer["detail-type"] == "Background Removed"
    stored = aws.client("s3").get_object(Bucket=aws.outputs["OutputBucket"], Key="a+b 100% ü.jpg.png")
    cutout = Image.open(io.BytesIO(stored["Body"].read()))
    assert (cutout.mode, cutout.size) == ("RGBA", Image.open(io.BytesIO(content)).size)


def test_the_function_stays_for_the_next_call(aws: EmbeddedAws, image_function: Emulator) -> None:
    """A caller pays for loading the net once."""
    for number in (1, 2):
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"{number}.jpg", Body=photo(number))
    image_function.invoke({"bucket": BUCKET, "key": "1.jpg"})
    begin = time.perf_counter()
    answer = image_function.invoke({"bucket": BUCKET, "key": "2.jpg"})
    assert time.perf_counter() - begin < 5
    assert answer["detail"]["upload"]["key"] == "2.jpg"


def test_a_refusal_is_an_answer(aws: EmbeddedAws, image_function: Emulator) -> None:
    aws.client("s3").put_object(Bucket=BUCKET, Key="letter.jpg", Body=b"no photo at all")
    answer = image_function.invoke({"bucket": BUCKET, "key": "letter.jpg"})
    assert answer["detail-type"] == "Background Removal Failed"
    assert answer["detail"]["error"]["code"] == "unsupported_format"


def test_a_handler_that_raises_is_no_success_and_the_next_call_works(
    aws: EmbeddedAws, image_function: Emulator
) -> None:
    with pytest.raises(HandlerFailed, match="UnreadableEvent"):
        image_function.invoke({"hello": "I announce nothing"})
    aws.client("s3").put_object(Bucket=BUCKET, Key="after.jpg", Body=photo(3))
    assert image_function.invoke({"bucket": BUCKET, "key": "after.jpg"})["detail-type"] == "Background Removed"


def test_a_handler_that_cannot_be_loaded_is_named(aws: EmbeddedAws, weights_directory: Path, tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("import no_such_module")
    with (
        function(aws, tmp_path, weights_directory, tmp_path / "log") as emulator,
        pytest.raises(HandlerFailed, match="no_such_module"),
    ):
        emulator.invoke({})


def test_nothing_listens_beyond_loopback() -> None:
    """On a laptop in a café, nobody else can call the function."""
    addresses = [word for word in arguments(9000) if ":" in word]
    assert len(addresses) == 2
    assert all(address.startswith("127.0.0.1:") for address in addresses)
