"""If these fail, a video is worked on twice, has two outcomes, or is left by everybody."""

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from cutout.claim import (
    LEASE_SECONDS,
    RENEWAL_SECONDS,
    Claim,
    ClaimLost,
    ClaimsDenied,
    ClaimsUnavailable,
    Standing,
)
from cutout.claims import Claims, id_of
from cutout.errors import NoSubject
from cutout.events import Upload
from cutout.orders import REMEMBERED_SECONDS
from cutout.pulse import Pulse
from cutout.results import Decision, Failed, Outcome, Removed
from cutout.verdict import Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ORDER = Upload("inbox", "a+b 100% ü.mp4", "v1", "e1", {"model": "u2net"})
OUTCOME = Failed(ORDER, NoSubject("None."))
REMOVED = Removed(ORDER, {}, (), Verdict(0.3, 0, 0.01, 2, 0.9), {})


class Clock:
    """Time that passes only while somebody waits, and what then happens."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.pauses = 0
        self.meanwhile: dict[int, Claim | None] = {}

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.pauses += 1
        claim = self.meanwhile.get(self.pauses)
        if claim:
            claim.renew()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator["DynamoDBClient"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
        client.create_table(
            TableName="outcomes",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield client


def claims(table: "DynamoDBClient", clock: Clock, owner: str) -> Claims:
    return Claims(table, "outcomes", owner, clock, clock.pause)


def taken(table: "DynamoDBClient", clock: Clock, owner: str) -> Claim:
    claim = claims(table, clock, owner).take(ORDER)
    assert isinstance(claim, Claim)
    return claim


def complete(claim: Claim, outcome: Outcome) -> None:
    claim.decide(Decision.of(outcome))
    claim.note_told()


def left(table: "DynamoDBClient", clock: Clock, owner: str) -> Standing:
    standing = claims(table, clock, owner).take(ORDER)
    assert isinstance(standing, Standing)
    return standing


def test_the_first_job_has_it_at_once(table: "DynamoDBClient", clock: Clock) -> None:
    taken(table, clock, "job-1")
    assert clock.pauses == 0
    (row,) = table.scan(TableName="outcomes")["Items"]
    assert row["id"]["S"].startswith("video#")
    assert int(row["lease_until"]["N"]) == clock.now + LEASE_SECONDS
    assert int(row["expiration"]["N"]) == clock.now + REMEMBERED_SECONDS


def test_a_repeated_event_is_left_to_the_job_that_shows_that_it_lives(table: "DynamoDBClient", clock: Clock) -> None:
    owner = taken(table, clock, "job-1")
    clock.meanwhile[3] = owner
    standing = left(table, clock, "job-2")
    assert (standing.owner, standing.is_told, clock.pauses) == ("job-1", False, 3)
    complete(owner, OUTCOME)


def test_what_is_told_is_left_alone_by_everybody(table: "DynamoDBClient", clock: Clock) -> None:
    complete(taken(table, clock, "job-1"), OUTCOME)
    for owner in ("job-1", "job-2"):
        standing = left(table, clock, owner)
        assert (standing.owner, standing.is_told) == ("job-1", True)
    assert clock.pauses == 0
    (row,) = table.scan(TableName="outcomes")["Items"]
    assert json.loads(row["outcome"]["S"])["detail"]["error"]["code"] == "no_subject"
    clock.now += LEASE_SECONDS + 1
    assert left(table, clock, "job-2").is_told


def test_the_same_job_takes_its_claim_again_at_once_and_its_earlier_attempt_loses_it(
    table: "DynamoDBClient", clock: Clock
) -> None:
    earlier, again = taken(table, clock, "job-1"), taken(table, clock, "job-1")
    assert clock.pauses == 0
    with pytest.raises(ClaimLost):
        earlier.renew()
    again.renew()


def test_a_redriven_upload_whose_job_was_killed_is_taken_over_once_the_lease_is_out(
    table: "DynamoDBClient", clock: Clock
) -> None:
    begin, killed = clock.now, taken(table, clock, "job-1")
    taken(table, clock, "job-2")
    assert LEASE_SECONDS < clock.now - begin < LEASE_SECONDS + 60
    for last_word in (killed.renew, killed.release, lambda: killed.decide(Decision.of(OUTCOME)), killed.note_told):
        with pytest.raises(ClaimLost):
            last_word()


def test_a_claim_that_is_given_back_is_anybodys_at_once(table: "DynamoDBClient", clock: Clock) -> None:
    taken(table, clock, "job-1").release()
    taken(table, clock, "job-2")
    assert clock.pauses == 0


def test_of_two_that_wait_one_takes_over(table: "DynamoDBClient", clock: Clock) -> None:
    taken(table, clock, "job-1")
    others = []

    def pause(seconds: float) -> None:
        clock.pause(seconds)
        if clock.now > 1_800_000_000 + LEASE_SECONDS:
            others.append(taken(table, clock, "job-2"))

    standing = Claims(table, "outcomes", "job-3", clock, pause).take(ORDER)
    assert isinstance(standing, Standing)
    assert standing.owner == "job-2"
    assert len(others) == 1


@pytest.mark.parametrize("owner", ["job-1", "job-2"])
def test_what_is_decided_is_told_by_whoever_comes_next_and_never_decided_again(
    table: "DynamoDBClient", clock: Clock, owner: str
) -> None:
    decision, dead = Decision.of(OUTCOME), taken(table, clock, "job-1")
    dead.decide(decision)
    heir = taken(table, clock, owner)
    assert heir.decision == decision
    for last_word in (dead.note_told, lambda: dead.decide(Decision.of(REMOVED))):
        with pytest.raises(ClaimLost):
            last_word()
    heir.note_told()
    standing = left(table, clock, "job-3")
    assert (standing.is_told, standing.decision) == (True, decision)


def test_of_two_that_want_to_tell_what_is_decided_one_does(
    table: "DynamoDBClient", clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = taken(table, clock, "job-1")
    dead.decide(Decision.of(OUTCOME))
    clock.now += LEASE_SECONDS + 1
    quicker = []

    def overtaken(**arguments: Any) -> Any:
        monkeypatch.undo()
        quicker.append(claims(table, clock, "job-3").try_to_take(ORDER))
        return table.update_item(**arguments)

    monkeypatch.setattr(table, "update_item", overtaken)
    assert isinstance(claims(table, clock, "job-2").try_to_take(ORDER), Standing)
    assert isinstance(quicker[0], Claim)


@pytest.mark.parametrize("owner", ["job-1", "job-2"])
def test_whoever_comes_after_a_death_knows_it(table: "DynamoDBClient", clock: Clock, owner: str) -> None:
    assert not taken(table, clock, "job-1").follows_a_death
    heir = taken(table, clock, owner)
    assert heir.follows_a_death
    heir.release()
    assert not taken(table, clock, "job-3").follows_a_death


def test_a_claim_whose_answer_was_lost_is_ours_and_follows_no_death(table: "DynamoDBClient", clock: Clock) -> None:
    """botocore sends such a request again."""
    put = table.put_item
    for each in (True, False):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(table, "put_item", lambda **arguments: [put(**arguments), put(**arguments)][1])
            claim = claims(table, clock, "job-1").try_to_take(ORDER)
        assert isinstance(claim, Claim)
        assert not claim.follows_a_death, each
        claim.release()


def test_it_is_renewed_once_a_minute_however_often_it_is_kept(table: "DynamoDBClient", clock: Clock) -> None:
    claim, renewals = taken(table, clock, "job-1"), []
    table.meta.events.register("before-send.dynamodb.UpdateItem", lambda **_: renewals.append(clock.now))
    begin = clock.now
    for _ in range(10 * RENEWAL_SECONDS):
        claim.keep()
        clock.now += 0.25
    assert renewals == [begin + RENEWAL_SECONDS, begin + 2 * RENEWAL_SECONDS]
    (row,) = table.scan(TableName="outcomes")["Items"]
    assert int(row["lease_until"]["N"]) == begin + 2 * RENEWAL_SECONDS + LEASE_SECONDS


def test_what_is_forgotten_may_be_done_again(table: "DynamoDBClient", clock: Clock) -> None:
    """DynamoDB deletes expired rows days later."""
    complete(taken(table, clock, "job-1"), OUTCOME)
    clock.now += REMEMBERED_SECONDS + 1
    taken(table, clock, "job-2")


@pytest.mark.parametrize(
    "other",
    [
        Upload("other", ORDER.key, "v1", "e1", ORDER.options),
        Upload("inbox", "other.mp4", "v1", "e1", ORDER.options),
        Upload("inbox", ORDER.key, "v2", "e1", ORDER.options),
        Upload("inbox", ORDER.key, None, "e1", ORDER.options),
        Upload("inbox", ORDER.key, "v1", "e2", ORDER.options),
        Upload("inbox", ORDER.key, "v1", "e1", {"model": "u2netp"}),
    ],
)
def test_another_order_is_another_claim(other: Upload) -> None:
    assert len({id_of(other, "video"), id_of(ORDER, "video"), id_of(ORDER, "photo")}) == 3
    assert id_of(Upload("inbox", ORDER.key, "v1", "e1", dict(ORDER.options)), "video") == id_of(ORDER, "video")


@pytest.mark.parametrize(
    ("outcome", "owner", "is_anew"),
    [
        (OUTCOME, "job-2", True),
        (OUTCOME, "job-1", False),
        (REMOVED, "job-2", False),
    ],
)
def test_a_refusal_is_taken_anew_by_another_job_of_a_persons_own(
    table: "DynamoDBClient", clock: Clock, outcome: Outcome, owner: str, is_anew: bool
) -> None:
    complete(taken(table, clock, "job-1"), outcome)
    assert left(table, clock, "job-2").is_told
    found = claims(table, clock, owner).take(ORDER, by_hand=True)
    assert isinstance(found, Claim) is is_anew
    if isinstance(found, Claim):
        complete(found, REMOVED)
        assert isinstance(claims(table, clock, "job-3").take(ORDER, by_hand=True), Standing)


def test_a_job_of_a_persons_own_leaves_one_that_is_at_work_alone(table: "DynamoDBClient", clock: Clock) -> None:
    clock.meanwhile[1] = taken(table, clock, "job-1")
    assert isinstance(claims(table, clock, "job-2").take(ORDER, by_hand=True), Standing)


def failing(table: "DynamoDBClient", status: int, code: str) -> None:
    """Let DynamoDB answer everything with an error from now on."""

    class Raw:
        def stream(self, **_: object) -> list[bytes]:
            return [json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}"}).encode()]

    table.meta.events.register_first(
        "before-send.dynamodb", lambda **_: AWSResponse("http://dynamodb", status, {}, Raw())
    )


def test_a_table_that_is_away_ends_nobodys_work_until_the_lease_is_nearly_over(
    table: "DynamoDBClient", clock: Clock
) -> None:
    claim = taken(table, clock, "job-1")
    failing(table, 500, "InternalServerError")
    clock.now += LEASE_SECONDS * 2 // 3
    claim.keep()
    clock.now += 1
    with pytest.raises(ClaimsUnavailable):
        claim.keep()


def test_a_table_that_denies_ends_it_at_once(table: "DynamoDBClient", clock: Clock) -> None:
    claim = taken(table, clock, "job-1")
    failing(table, 400, "AccessDeniedException")
    clock.now += RENEWAL_SECONDS
    with pytest.raises(ClaimsDenied):
        claim.keep()


def until(is_so: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_pulse_keeps_the_claim_of_a_job_that_is_silent(table: "DynamoDBClient", clock: Clock) -> None:
    claim, renewals = taken(table, clock, "job-1"), []
    table.meta.events.register("before-send.dynamodb.UpdateItem", lambda **_: renewals.append(clock.now))
    with Pulse(claim, 0.01) as pulse:
        for count in (1, 2):
            clock.now += RENEWAL_SECONDS
            until(lambda count=count: len(renewals) == count)
        pulse.check()
    clock.now += RENEWAL_SECONDS
    time.sleep(0.1)
    assert len(renewals) == 2


def test_a_pulse_tells_of_a_claim_that_is_lost(table: "DynamoDBClient", clock: Clock) -> None:
    with Pulse(taken(table, clock, "job-1"), 0.01) as pulse:
        pulse.check()
        taken(table, clock, "job-1")
        clock.now += RENEWAL_SECONDS
        until(lambda: pulse._error)
        with pytest.raises(ClaimLost):
            pulse.check()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "AccessDeniedException", ClaimsDenied),
        (400, "ProvisionedThroughputExceededException", ClaimsUnavailable),
        (500, "InternalServerError", ClaimsUnavailable),
    ],
)
def test_each_fault_has_its_name(
    table: "DynamoDBClient", clock: Clock, status: int, code: str, expected: type[Exception]
) -> None:
    claim = taken(table, clock, "job-1")
    failing(table, status, code)
    with pytest.raises(expected, match=code):
        claims(table, clock, "job-1").take(ORDER)
    with pytest.raises(expected, match=code):
        claim.renew()


def test_a_missing_table_is_a_fault_of_the_installation(table: "DynamoDBClient", clock: Clock) -> None:
    with pytest.raises(ClaimsDenied, match="ResourceNotFoundException"):
        Claims(table, "no-such-table", "job-1", clock, clock.pause).take(ORDER)


def test_a_broken_connection_may_be_tried_again(table: "DynamoDBClient", clock: Clock) -> None:
    def reset(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://dynamodb")

    table.meta.events.register_first("before-send.dynamodb", reset)
    with pytest.raises(ClaimsUnavailable):
        claims(table, clock, "job-1").take(ORDER)
