"""Who answers for an order: one process at a time. A row in the table of known outcomes shows which.

An upload may reach two processes, since events come at least once, and the same one twice, since hosts die. A claim is
a row with a lease. A row can be taken where it isn't there, where it is the same owner's, and where its lease has run
out. A person who submits a job by hand has mended what an upload was refused for: such a job takes a refusal anew.

    CLAIMED  somebody is at work
    DECIDED  the outcome is in the row, and is not known to be told
    TOLD     it is

There is exactly one decision, since a row takes one from whoever holds its claim alone. It is made before it is told.
Whoever takes a row that is DECIDED does no work and tells what the row says: if a process dies between telling and
noting that it did, the same outcome is told again, word for word.

A function's claim lasts as long as its invocation can. A repeated event that meets it comes again later. A job renews
its claim while it works. One that finds the lease of another running can't know whether that other is alive. To end at
once, as done, would lose an upload that is redriven soon after its job was killed. To fail at once would raise an alarm
for every repeated event. To hand back to Batch would be the same, a little later: Batch tries again without a pause. So
the job watches the row. Where it changes, its owner lives, and whatever becomes of that one, Batch retries it or
reports it as failed: the watcher can end. Where it doesn't change, the lease runs out, and the watcher takes over.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from time import sleep, time
from typing import TYPE_CHECKING, Any

from cutout.claim import (
    CLAIMED,
    DECIDED,
    LEASE_SECONDS,
    TOLD,
    Claim,
    Standing,
    named_errors,
    row_in,
    seconds,
    standing,
)
from cutout.events import Upload
from cutout.orders import REMEMBERED_SECONDS
from cutout.results import Failed

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

WATCH_SECONDS = 10

NAMES = {"#status": "status", "#owner": "owner"}
FREE = (
    "attribute_not_exists(id) OR expiration < :now OR (#status = :claimed AND (#owner = :owner OR lease_until < :now))"
)
REFUSED_ELSEWHERE = "(#status = :told AND detail_type = :failed AND #owner <> :owner)"


class Claims:
    """The claims in the DynamoDB table `table`, as `owner` makes them.

    `kind` keeps the orders of photos and of videos apart.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        owner: str,
        clock: Callable[[], float] = time,
        pause: Callable[[float], None] = sleep,
        kind: str = "video",
    ) -> None:
        self._client = client
        self._table = table
        self._owner = owner
        self._clock = clock
        self._pause = pause
        self._kind = kind

    def take(self, order: Upload, *, by_hand: bool = False) -> Claim | Standing:
        """Our claim to `order`; or another's, once it is told or its owner has shown that it lives.

        What another job refused is taken anew `by_hand`.

        It takes until the other's next renewal, or the end of its lease, to tell.

        Raises:
            ClaimsUnavailable, ClaimsDenied: the table can't be used.
        """
        before: Standing | None = None
        while True:
            found = self.try_to_take(order, by_hand=by_hand)
            if isinstance(found, Claim) or found.is_told or before not in (None, found):
                return found
            before = found
            self._pause(WATCH_SECONDS)

    def try_to_take(
        self, order: Upload, lease_seconds: float = LEASE_SECONDS, *, by_hand: bool = False
    ) -> Claim | Standing:
        """`take` without waiting for anybody."""
        now = self._clock()
        claim = Claim(self._client, self._table, id_of(order, self._kind), self._clock)
        fields = self._fields(claim, now + lease_seconds)
        values = {":now": seconds(now), ":claimed": {"S": CLAIMED}, ":owner": {"S": self._owner}}
        if by_hand:
            values |= {":told": {"S": TOLD}, ":failed": {"S": Failed.detail_type}}
        try:
            with named_errors(self._table):
                answer = self._client.put_item(
                    TableName=self._table,
                    Item={
                        **claim.key,
                        "status": {"S": CLAIMED},
                        "expiration": seconds(now + REMEMBERED_SECONDS),
                        **fields,
                    },
                    ConditionExpression=f"{FREE} OR {REFUSED_ELSEWHERE}" if by_hand else FREE,
                    ExpressionAttributeNames=NAMES,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_OLD",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            found = standing(row_in(error))
            is_left = found.status == DECIDED and (found.owner == self._owner or found.lease_until < now)
            return self._take_over_telling(claim, found, fields) if is_left else found
        claim.follows_a_death = was_at_work(answer.get("Attributes", {}), claim)
        return claim

    def _fields(self, claim: Claim, lease_until: float) -> dict[str, "AttributeValueTypeDef"]:
        return {"owner": {"S": self._owner}, "token": {"S": claim.token}, "lease_until": seconds(lease_until)}

    def _take_over_telling(
        self, claim: Claim, found: Standing, fields: Mapping[str, "AttributeValueTypeDef"]
    ) -> Claim | Standing:
        """Our claim to an outcome that `found` decided; or another's, who was quicker."""
        try:
            with named_errors(self._table):
                self._client.update_item(
                    TableName=self._table,
                    Key=claim.key,
                    UpdateExpression="SET #owner = :owner, #token = :token, lease_until = :lease_until",
                    ConditionExpression="#token = :found AND #status = :decided",
                    ExpressionAttributeNames={**NAMES, "#token": "token"},
                    ExpressionAttributeValues={
                        ":found": {"S": found.token},
                        ":decided": {"S": DECIDED},
                        **{f":{name}": value for name, value in fields.items()},
                    },
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except self._client.exceptions.ConditionalCheckFailedException as error:
            quicker = standing(row_in(error))
            if quicker.token != claim.token:
                return quicker
        claim.decision = found.decision
        return claim


def was_at_work(row: Mapping[str, Any], claim: Claim) -> bool:
    """Whether `row`, which `claim` replaced, was of somebody who neither decided nor gave it back.

    A request whose answer was lost is sent again, and then meets the row that it wrote itself.
    """
    return (
        bool(row)
        and row["status"]["S"] == CLAIMED
        and int(row["lease_until"]["N"]) > 0
        and (row["token"]["S"] != claim.token)
    )


def id_of(order: Upload, kind: str) -> str:
    """The key of an order's row: its kind and the SHA-256 of all that makes the order what it is."""
    identity = [order.bucket, order.key, order.version, order.etag, dict(order.options)]
    return f"{kind}#" + sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
