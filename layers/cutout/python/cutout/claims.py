"""Who answers for an order: one job at a time. A row in the table of known outcomes shows which.

An upload may reach two jobs, since events come at least once, and the same job twice, since hosts die. A job's claim is
a row with a lease, which the job renews while it works. A row can be taken where it isn't there, where it is the same
job's, and where its lease has run out. A person who submits a job by hand has mended what an upload was refused for:
such a job takes a refusal anew.

A job that finds the lease of another running can't know whether that other is alive. To end at once, as done, would
lose an upload that is redriven soon after its job was killed. To fail at once would raise an alarm for every repeated
event. To hand back to Batch would be the same, a little later: Batch tries again without a pause. So the job watches
the row. Where it changes, its owner lives, and whatever becomes of that one, Batch retries it or reports it as failed:
the watcher can end. Where it doesn't change, the lease runs out, and the watcher takes over.
"""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from threading import Event, Lock, Thread
from time import sleep, time
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from cutout.errors import Misconfiguration, Transient
from cutout.events import Upload
from cutout.orders import REMEMBERED_SECONDS
from cutout.results import Failed, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

LEASE_SECONDS = 15 * 60
"""Longer than the table is away for, and short enough to wait for the end of."""

RENEWAL_SECONDS = 60
BEAT_SECONDS = 10
WATCH_SECONDS = 10

CLAIMED, COMPLETED = "CLAIMED", "COMPLETED"
DENIED = {
    "AccessDeniedException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
}
NAMES = {"#status": "status", "#owner": "owner"}
FREE = (
    "attribute_not_exists(id) OR expiration < :now OR (#status = :claimed AND (#owner = :owner OR lease_until < :now))"
)
REFUSED_ELSEWHERE = "(#status = :completed AND detail_type = :failed AND #owner <> :owner)"

logger = logging.getLogger(__name__)


class ClaimLost(Transient):
    code = "claim_lost"


class ClaimsUnavailable(Transient):
    code = "claims_unavailable"


class ClaimsDenied(Misconfiguration):
    code = "claims_denied"


@dataclass(frozen=True)
class Standing:
    """A claim that is not ours to take. `owner` is the job that has it; `token` is new with every claim."""

    owner: str
    token: str
    status: str
    lease_until: int

    @property
    def is_completed(self) -> bool:
        return self.status == COMPLETED


class Claim:
    """Our own claim. It is lost once its row bears another token."""

    def __init__(self, client: "DynamoDBClient", table: str, row_id: str, clock: Callable[[], float]) -> None:
        self.token = uuid4().hex
        self._client = client
        self._table = table
        self._id = row_id
        self._clock = clock
        self._renewed = clock()
        self._lock = Lock()

    def keep(self) -> None:
        """Renew the lease if that hasn't been done for a minute. May be called often, and from any thread.

        A table that is away for a moment costs no work: there is time for another try in two thirds of the lease.

        Raises:
            ClaimLost, ClaimsDenied: as `renew`.
            ClaimsUnavailable: less than a third of the lease is left.
        """
        with self._lock:
            if self._clock() < self._renewed + RENEWAL_SECONDS:
                return
            try:
                self.renew()
            except ClaimsUnavailable as error:
                if self._clock() > self._renewed + LEASE_SECONDS * 2 / 3:
                    raise
                logger.warning("The claim could not be renewed and still holds: %s", error)

    def renew(self) -> None:
        """Begin the lease anew.

        Raises:
            ClaimLost: another job has taken over.
            ClaimsUnavailable, ClaimsDenied: the table didn't take it.
        """
        now = self._clock()
        self._update("SET lease_until = :until", {":until": seconds(now + LEASE_SECONDS)})
        self._renewed = now

    def complete(self, outcome: Outcome) -> None:
        """Keep `outcome`, so that nobody takes this order again. Raises as `renew` does."""
        self._update(
            "SET #status = :completed, detail_type = :detail_type, outcome = :outcome, expiration = :expiration",
            {
                ":completed": {"S": COMPLETED},
                ":detail_type": {"S": outcome.detail_type},
                ":outcome": {"S": json.dumps({"detail-type": outcome.detail_type, "detail": outcome.detail()})},
                ":expiration": seconds(self._clock() + REMEMBERED_SECONDS),
            },
            {"#status": "status"},
        )

    def release(self) -> None:
        """Let anybody take it at once. Raises as `renew` does."""
        self._update("SET lease_until = :until", {":until": seconds(0)})

    def _update(
        self, change: str, values: Mapping[str, "AttributeValueTypeDef"], names: Mapping[str, str] | None = None
    ) -> None:
        try:
            with named_errors(self._table):
                self._client.update_item(
                    TableName=self._table,
                    Key={"id": {"S": self._id}},
                    UpdateExpression=change,
                    ConditionExpression="#token = :token",
                    ExpressionAttributeNames={"#token": "token", **(names or {})},
                    ExpressionAttributeValues={":token": {"S": self.token}, **values},
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ClaimLost("Another job has taken over, because this one was silent for too long.") from error


class Pulse:
    """Keeps a claim from a thread of its own, within a `with`.

    Passing frames can't: after the last one FFmpeg rewrites a whole file without a word, and a table that is slow to
    answer would hold them up. A thread can't raise anything in another. So `check` does, with every frame and every
    part of an output, and a silent call into FFmpeg comes to its end first. Nothing depends on how soon: an outcome is
    told only by whoever renews the claim just before.
    """

    def __init__(self, claim: Claim, beat_seconds: float = BEAT_SECONDS) -> None:
        self._claim = claim
        self._beat_seconds = beat_seconds
        self._error: Exception | None = None
        self._over = Event()
        self._thread = Thread(target=self._beat, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def check(self) -> None:
        """Raises what the claim could not be kept for: as `Claim.keep` does."""
        if self._error:
            raise self._error

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            try:
                self._claim.keep()
            except Exception as error:  # noqa: BLE001 - raised by check
                self._error = error
                return


class Claims:
    """The claims in the DynamoDB table `table`, as the job `owner` makes them."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        owner: str,
        clock: Callable[[], float] = time,
        pause: Callable[[float], None] = sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._owner = owner
        self._clock = clock
        self._pause = pause

    def take(self, order: Upload, *, by_hand: bool = False) -> Claim | Standing:
        """Our claim to `order`; or another's, once it is completed or its owner has shown that it lives.

        What another job refused is taken anew `by_hand`.

        It takes until the other's next renewal, or the end of its lease, to tell.

        Raises:
            ClaimsUnavailable, ClaimsDenied: the table can't be used.
        """
        before: Standing | None = None
        while True:
            found = self._try(order, by_hand)
            if isinstance(found, Claim) or found.is_completed or before not in (None, found):
                return found
            before = found
            self._pause(WATCH_SECONDS)

    def _try(self, order: Upload, by_hand: bool) -> Claim | Standing:
        now, row_id = self._clock(), id_of(order)
        claim = Claim(self._client, self._table, row_id, self._clock)
        refused: dict[str, AttributeValueTypeDef] = {
            ":completed": {"S": COMPLETED},
            ":failed": {"S": Failed.detail_type},
        }
        try:
            with named_errors(self._table):
                self._client.put_item(
                    TableName=self._table,
                    Item={
                        "id": {"S": row_id},
                        "status": {"S": CLAIMED},
                        "owner": {"S": self._owner},
                        "token": {"S": claim.token},
                        "lease_until": seconds(now + LEASE_SECONDS),
                        "expiration": seconds(now + REMEMBERED_SECONDS),
                    },
                    ConditionExpression=f"{FREE} OR {REFUSED_ELSEWHERE}" if by_hand else FREE,
                    ExpressionAttributeNames=NAMES,
                    ExpressionAttributeValues={
                        ":now": seconds(now),
                        ":claimed": {"S": CLAIMED},
                        ":owner": {"S": self._owner},
                        **(refused if by_hand else {}),
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            answer: Any = error.response
            return standing(answer["Item"])
        return claim


def standing(row: Mapping[str, Mapping[str, str]]) -> Standing:
    return Standing(row["owner"]["S"], row["token"]["S"], row["status"]["S"], int(row["lease_until"]["N"]))


def id_of(order: Upload) -> str:
    """The key of an order's row: "video#" and the SHA-256 of all that makes the order what it is."""
    identity = [order.bucket, order.key, order.version, order.etag, dict(order.options)]
    return "video#" + sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def seconds(moment: float) -> "AttributeValueTypeDef":
    return {"N": str(round(moment))}


@contextmanager
def named_errors(table: str) -> Iterator[None]:
    """Turn botocore's exceptions into ours, but for the one that says that a condition isn't met."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ConditionalCheckFailedException":
            raise
        if code in DENIED:
            raise ClaimsDenied(f"DynamoDB allows no claims in the table {table}: {code}.") from error
        raise ClaimsUnavailable(f"DynamoDB could not serve the table {table}: {code}.") from error
    except BotoCoreError as error:
        raise ClaimsUnavailable(f"DynamoDB broke off at the table {table}: {error}") from error
