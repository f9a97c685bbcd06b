"""If these fail, chaos has no faults, or others than it says."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ResponseStreamingError,
)
from moto.server import ThreadedMotoServer

from infra.local.chaos.faults import Fault
from infra.local.chaos.proxy import SLOW_SECONDS, between


@dataclass
class OneFault:
    """Every request meets `fault`."""

    fault: Fault | None = None
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    def draw(self, service: str, operation: str, path: str) -> Fault | None:
        self.asked.append((service, operation, path))
        return self.fault


@dataclass
class Stand:
    faults: OneFault
    routed: str
    direct: str

    def client(self, name: str, *, is_direct: bool = False) -> Any:
        return boto3.client(
            name,  # type: ignore[call-overload]
            endpoint_url=self.direct if is_direct else self.routed,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def stand(moto: str) -> Iterator[Stand]:
    faults = OneFault()
    with between(moto, faults, stall_seconds=0.1) as routed:  # type: ignore[arg-type]
        stand = Stand(faults, routed, moto)
        with closing(stand.client("s3", is_direct=True)) as s3:
            s3.create_bucket(Bucket="inbox")
            s3.put_object(Bucket="inbox", Key="a+b 100% ü.jpg", Body=bytes(100), Metadata={"a": "b"})
        yield stand


def test_without_a_fault_everything_passes(stand: Stand) -> None:
    with closing(stand.client("s3")) as s3:
        answer = s3.get_object(Bucket="inbox", Key="a+b 100% ü.jpg")
        assert (answer["Body"].read(), answer["Metadata"]) == (bytes(100), {"a": "b"})
        assert s3.head_object(Bucket="inbox", Key="a+b 100% ü.jpg")["ContentLength"] == 100
        s3.put_object(Bucket="inbox", Key="b.jpg", Body=bytes(300_000))
        assert s3.head_object(Bucket="inbox", Key="b.jpg")["ContentLength"] == 300_000
        s3.delete_object(Bucket="inbox", Key="b.jpg")
    assert stand.faults.asked[0] == ("s3", "GET", "/inbox/a+b 100% ü.jpg")


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "codes"),
    [
        ("s3", "put_object", {"Bucket": "inbox", "Key": "c.jpg", "Body": b"c"}, ("SlowDown", "InternalError")),
        ("dynamodb", "list_tables", {}, ("ProvisionedThroughputExceededException", "InternalServerError")),
        ("events", "list_event_buses", {}, ("ThrottlingException", "InternalException")),
        ("sqs", "list_queues", {}, ("ThrottlingException", "InternalError")),
    ],
)
def test_each_service_throttles_and_breaks_in_its_own_words(
    stand: Stand, service: str, operation: str, arguments: dict[str, Any], codes: tuple[str, str]
) -> None:
    with closing(stand.client(service)) as client:
        for fault, code in zip((Fault.THROTTLED, Fault.BROKEN), codes, strict=True):
            stand.faults.fault = fault
            with pytest.raises(ClientError) as raised:
                getattr(client, operation)(**arguments)
            assert raised.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("fault", "is_done"), [(Fault.RESET, False), (Fault.LOST, True), (Fault.STALLED, False)])
def test_a_connection_breaks_before_or_after_the_work_is_done(stand: Stand, fault: Fault, is_done: bool) -> None:
    stand.faults.fault = fault
    with closing(stand.client("s3")) as s3, pytest.raises((ConnectionClosedError, BotoCoreError)):
        s3.put_object(Bucket="inbox", Key=f"{fault}.jpg", Body=b"d")
    with closing(stand.client("s3", is_direct=True)) as s3:
        listed = s3.list_objects_v2(Bucket="inbox", Prefix=str(fault)).get("Contents", [])
    assert bool(listed) is is_done


def test_a_body_is_cut_off_or_slow(stand: Stand) -> None:
    with closing(stand.client("s3")) as s3:
        stand.faults.fault = Fault.CUT
        body = s3.get_object(Bucket="inbox", Key="a+b 100% ü.jpg")["Body"]
        with pytest.raises((IncompleteReadError, ResponseStreamingError)):
            body.read()
        stand.faults.fault = Fault.SLOW
        assert s3.get_object(Bucket="inbox", Key="a+b 100% ü.jpg")["Body"].read() == bytes(100)
    assert SLOW_SECONDS > 0


def test_an_event_is_refused_within_an_answer_that_sounds_like_success(stand: Stand) -> None:
    stand.faults.fault = Fault.PARTIAL
    with closing(stand.client("events")) as events:
        answer = events.put_events(Entries=[{"Source": "a", "DetailType": "b", "Detail": "{}"}])
    assert answer["FailedEntryCount"] == 1
