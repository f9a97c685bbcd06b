"""One row of the table of known outcomes: a claim to an order, and what its owner makes of it. See `claims`."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from cutout.errors import Misconfiguration, Transient
from cutout.orders import REMEMBERED_SECONDS
from cutout.results import Decision

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

LEASE_SECONDS = 15 * 60
"""Longer than the table is away for, and short enough to wait for the end of."""

RENEWAL_SECONDS = 60

CLAIMED, DECIDED, TOLD = "CLAIMED", "DECIDED", "TOLD"
DENIED = {
    "AccessDeniedException",
    "ResourceNotFoundException",
    "UnrecognizedClientException",
    "ValidationException",
}
logger = logging.getLogger(__name__)


class ClaimLost(Transient):
    code = "claim_lost"


class ClaimsUnavailable(Transient):
    code = "claims_unavailable"


class ClaimsDenied(Misconfiguration):
    code = "claims_denied"


@dataclass(frozen=True)
class Standing:
    """A claim that is not ours to take. `owner` is who has it; `token` is new with every claim."""

    owner: str
    token: str
    status: str
    lease_until: int
    decision: Decision | None

    @property
    def is_told(self) -> bool:
        return self.status == TOLD


class Claim:
    """Our own claim. It is lost once its row bears another token.

    Attributes:
        decision: what was decided before and may not have been told: there is nothing else left to do.
        follows_a_death: an earlier attempt at this order ended without a word, killed or out of time.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        row_id: str,
        clock: Callable[[], float],
    ) -> None:
        self.token = uuid4().hex
        self.decision: Decision | None = None
        self.follows_a_death = False
        self._client = client
        self._table = table
        self._id = row_id
        self._clock = clock
        self._renewed = clock()
        self._lock = Lock()

    @property
    def key(self) -> dict[str, "AttributeValueTypeDef"]:
        return {"id": {"S": self._id}}

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

    def decide(self, decision: Decision) -> None:
        """Make `decision` the order's one outcome. Raises as `renew` does."""
        self._update(
            "SET #status = :decided, detail_type = :detail_type, outcome = :outcome",
            {
                ":decided": {"S": DECIDED},
                ":detail_type": {"S": decision.detail_type},
                ":outcome": {"S": json.dumps(decision.as_event())},
            },
            {"#status": "status"},
        )

    def note_told(self) -> None:
        """Let nobody tell the outcome again. Raises as `renew` does."""
        self._update(
            "SET #status = :told, expiration = :expiration",
            {":told": {"S": TOLD}, ":expiration": seconds(self._clock() + REMEMBERED_SECONDS)},
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
                    Key=self.key,
                    UpdateExpression=change,
                    ConditionExpression="#token = :token",
                    ExpressionAttributeNames={"#token": "token", **(names or {})},
                    ExpressionAttributeValues={":token": {"S": self.token}, **values},
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ClaimLost("Another job has taken over, because this one was silent for too long.") from error


def row_in(error: ClientError) -> Mapping[str, Mapping[str, str]]:
    """The row that didn't meet a condition."""
    answer: Any = error.response
    row: Mapping[str, Mapping[str, str]] = answer["Item"]
    return row


def standing(row: Mapping[str, Mapping[str, str]]) -> Standing:
    return Standing(
        row["owner"]["S"],
        row["token"]["S"],
        row["status"]["S"],
        int(row["lease_until"]["N"]),
        Decision.from_json(row["outcome"]["S"]) if "outcome" in row else None,
    )


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
