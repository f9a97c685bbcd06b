"""The ways in which the image is run, each with what a user would notice if it failed."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cutout.models import Model
from cutout.options import Options
from infra.docker.answers import HandlerFailed, settled
from infra.docker.command import run
from infra.docker.emulator import EmulatorMissing, binary
from infra.docker.hardened import MEMORY_MEGABYTES, hardened, parts_of_start
from infra.docker.outcome_check import OutcomeCheck, Unexpected
from infra.docker.recorded import Announced, direct, make_true, photo, recorded_events
from infra.docker.sam import FUNCTION, LocalLambda
from infra.docker.stand_in import INPUT_BUCKET, function_variables
from infra.local.session import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

Say = Callable[[str], None]
ANNOUNCES_NOTHING = "s3-test-event"
BROKEN_CODE = "unreadable_image"
QUICK = Options(model=Model.U2NETP)
NO_EVENT = {"hello": "I announce nothing"}


class TierUnavailable(Exception):
    """This machine has not what it takes."""


@dataclass(frozen=True)
class Tiers:
    """`local` runs the image that `sam build` made, which is `image`; `quick` does too, with the small net."""

    local: LocalLambda
    quick: LocalLambda
    image: str
    check: OutcomeCheck
    say: Say

    def invoke_once_for_each_recorded_event(self) -> None:
        """`sam local invoke` with every file in infra/events, and with a photo that is broken."""
        for number, recorded in enumerate(recorded_events()):
            announced = make_true(recorded, photo(number), self.check.aws.client("s3"))
            if not announced.uploads and announced.name != ANNOUNCES_NOTHING:
                raise Unexpected(f"{announced.name} announces no upload")
            self.quick.invoke(announced.text)
            apart = self.check.removed(announced, QUICK)
            self.say(f"{announced.name}: {len(announced.uploads)} uploads, mattes {apart:.5f} from the library's own")
        broken = self.broken("broken.jpg")
        self.check.answered(broken, self.quick.invoke(broken.text))
        self.check.refused(broken, BROKEN_CODE)
        self.say(f"a broken photo: {BROKEN_CODE}, no output")

    def serve(self) -> None:
        """`sam local start-lambda`, called as an application calls Lambda: with boto3."""
        with self.local.serve() as client:
            for name in ("the first call", "the second call"):
                announced = self.upload(f"{name}.jpg", 20)
                with self.timed(name):
                    given = invoked(client, announced.text)
                self.check.answered(announced, settled(given))
                self.check.removed(announced)
            broken = self.broken("broken, served.jpg")
            self.check.answered(broken, settled(invoked(client, broken.text)))
            self.check.refused(broken, BROKEN_CODE)
            asynchronous = self.upload("asynchronous.jpg", 21)
            client.invoke(FunctionName=FUNCTION, InvocationType="Event", Payload=asynchronous.text.encode())
            self.check.wait(asynchronous)
            self.check.removed(asynchronous)
            with expecting_failure():
                settled(invoked(client, json.dumps(NO_EVENT)))
        self.say("sync, async, a refusal and an error arrive as on Lambda")

    def harden(self) -> None:
        """The emulator alone in the image: user nobody, read-only but for /tmp, loopback only."""
        try:
            binary()
        except EmulatorMissing as missing:
            raise TierUnavailable(str(missing)) from missing
        system = run(["docker", "info", "--format", "{{.OperatingSystem}}"], timeout_seconds=30).stdout
        if "Docker Desktop" in system:
            raise TierUnavailable("Docker Desktop's host network is a virtual machine's, not this machine's.")
        first, second = self.upload("hardened, first.jpg", 22), self.upload("hardened, second.jpg", 23)
        variables = hardened_variables(self.check.aws.endpoint)
        with hardened(self.image, variables) as (emulator, begin):
            self.check.answered(first, emulator.invoke(first.event))
            self.say(f"from `docker run` to the first answer {time.perf_counter() - begin:.2f} s")
            with self.timed("the second call"):
                given = emulator.invoke(second.event)
            self.check.answered(second, given)
            with expecting_failure():
                emulator.invoke(NO_EVENT)
        for announced in (first, second):
            self.check.removed(announced)
        parts = parts_of_start(self.image, variables, photo(24))
        self.say("a start: " + ", ".join(f"{part} {seconds:.2f} s" for part, seconds in parts.items()))

    def upload(self, key: str, number: int) -> Announced:
        return direct(key, photo(number), INPUT_BUCKET, self.check.aws.client("s3"))

    def broken(self, key: str) -> Announced:
        whole = photo(0)
        return direct(key, whole[: len(whole) // 2], INPUT_BUCKET, self.check.aws.client("s3"))

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        self.say(f"{name}: {time.perf_counter() - begin:.2f} s")


def invoked(client: "LambdaClient", event: str) -> str:
    """The answer's text. SAM sets `FunctionError` for some errors and not for Python's, so that it says nothing."""
    text: str = client.invoke(FunctionName=FUNCTION, Payload=event.encode())["Payload"].read().decode()
    return text


@contextmanager
def expecting_failure() -> Iterator[None]:
    """That what is done within is known for a failure, so that the checks around it mean something."""
    try:
        yield
    except HandlerFailed:
        return
    raise Unexpected("an event that announces nothing was answered without an error")


def hardened_variables(endpoint: str) -> dict[str, str]:
    """What Lambda and the template would tell the function; SAM isn't there to do it."""
    return {
        **function_variables(endpoint),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "AWS_LAMBDA_FUNCTION_NAME": FUNCTION,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": "120",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEMORY_MEGABYTES),
    }
