"""If these fail, uploads are lost, or looked for under a name that they don't have."""

import contextlib
import json
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout import events
from cutout.errors import UnreadableEvent
from cutout.events import Upload, parse

RECORDED = Path(__file__).parents[1] / "infra" / "events"
EVENTBRIDGE_VERSION = "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrH"
EVENTBRIDGE_ETAG = "1b2cf535f27731c974343645a3985328"
NOTIFICATION_VERSION = "096fKKXTRTtl3on89fVO.nfljtsv6qko"
NOTIFICATION_ETAG = "d41d8cd98f00b204e9800998ecf8427e"


def bridged(key: str) -> Upload:
    return Upload("cutout-in", key, EVENTBRIDGE_VERSION, EVENTBRIDGE_ETAG)


def notified(key: str) -> Upload:
    return Upload("cutout-in", key, NOTIFICATION_VERSION, NOTIFICATION_ETAG)


EXPECTED = {
    "sqs-eventbridge": [bridged("photos/a+b 100% ü.jpg")],
    "sqs-s3-notification": [notified("photos/a+b 100% ü.jpg")],
    "sqs-sns-s3-notification": [notified("-dash first/照片.jpeg")],
    "sqs-batch-of-two": [bridged("one.jpg"), bridged("-two.PNG")],
    "sns-s3-notification": [notified("photos/a+b 100% ü.jpg")],
    "eventbridge": [bridged("-dash first/100%25 not+decoded.jpg")],
    "s3-notification": [notified("photos/a+b 100% ü.jpg")],
    "direct": [Upload("cutout-in", "photos/a+b 100% ü.jpg")],
    "direct-with-options": [
        Upload(
            "cutout-in",
            "-dash first/照片.jpeg",
            options={"model": "u2netp", "outputs": "png,mask", "background": "transparent"},
        )
    ],
    "s3-test-event": [],
}


@pytest.mark.parametrize("name", [path.stem for path in sorted(RECORDED.glob("*.json"))])
def test_every_recorded_event_announces_what_was_uploaded(name: str) -> None:
    assert parse(json.loads((RECORDED / f"{name}.json").read_text())) == EXPECTED[name]


@pytest.mark.parametrize("name", EXPECTED)
def test_every_form_has_a_recorded_example(name: str) -> None:
    assert (RECORDED / f"{name}.json").is_file()


@pytest.mark.parametrize("name", EXPECTED)
def test_only_direct_calls_are_answered_directly(name: str) -> None:
    event = json.loads((RECORDED / f"{name}.json").read_text())
    assert events.is_direct(event) == name.startswith("direct")
    assert events.is_sqs(event) == (name.startswith("sqs") or name == "s3-test-event")


def object_created(**entry: object) -> dict[str, object]:
    return {"detail-type": "Object Created", "detail": {"bucket": {"name": "b"}, "object": entry}}


def test_a_folder_made_in_the_console_is_no_upload() -> None:
    assert parse(object_created(key="holiday/", size=0)) == []
    assert parse(object_created(key="holiday/", size=7)) == [Upload("b", "holiday/")]


def test_a_removal_is_no_upload() -> None:
    event = json.loads((RECORDED / "s3-notification.json").read_text())
    event["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    assert parse(event) == []
    assert parse({"detail-type": "Object Deleted", "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}}}) == []


def test_an_etag_is_the_same_with_and_without_quotes_and_in_either_spelling() -> None:
    spellings = [
        object_created(key="k", etag='"e"'),
        object_created(key="k", etag="e"),
        object_created(key="k", eTag="e"),
    ]
    assert {parse(event)[0].etag for event in spellings} == {"e"}


@pytest.mark.parametrize(
    "event",
    [
        {},
        [],
        None,
        {"Records": [{"eventSource": "aws:kinesis"}]},
        {"Records": [{"eventSource": "aws:sqs", "body": "not json"}]},
        {"bucket": "b", "key": ""},
        {"bucket": "b", "key": "k", "colour": "red"},
        {"bucket": "b", "key": "k", "options": {"model": 3}},
        {"bucket": "b", "key": "k", "version": 3},
        object_created(key="k", etag=["e"]),
    ],
)
def test_what_announces_nothing_is_refused_by_name(event: object) -> None:
    with pytest.raises(UnreadableEvent):
        parse(event)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Records", "body", "detail", "detail-type", "object", "bucket", "key", "name", "s3", "Message"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_no_event_brings_the_parser_down(event: object) -> None:
    with contextlib.suppress(UnreadableEvent):
        assert isinstance(parse(event), list)


@given(st.text(min_size=1).filter(lambda key: not key.endswith("/")))
def test_any_key_survives_both_spellings(key: str) -> None:
    encodable = key.encode("utf-8", "ignore").decode()
    if not encodable:
        return
    event = json.loads((RECORDED / "s3-notification.json").read_text())
    event["Records"][0]["s3"]["object"]["key"] = quote_plus(encodable)
    assert parse(event)[0].key == encodable
    assert parse(object_created(key=encodable))[0].key == encodable


def nested(text: str, depth: int) -> str:
    for _ in range(depth):
        text = json.dumps({"Type": "Notification", "Message": text}) if len(text) < 50_000 else text
    return text


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"Records": ' * 50_000,
        '{"bucket": "b", "key": "k", "size": ' + "9" * 5000 + "}",
        nested("{}", 15),
        "NaN",
        "\ufeff{}",
        '{"bucket": "b", "key": "\\ud83d"}',
        '{"bucket": "b", "key": "k", "options": {"model": "\\udc00"}}',
    ],
)
def test_a_message_made_to_break_the_parser_is_refused_by_name(text: str) -> None:
    for event in (text, json.dumps({"Records": [{"eventSource": "aws:sqs", "body": text}]})):
        with pytest.raises(UnreadableEvent):
            events.parse_text(event)


@given(st.text(max_size=200) | json_values.map(json.dumps) | json_values.map(lambda value: json.dumps(value)[:-3]))
def test_no_text_brings_the_parser_down(text: str) -> None:
    with contextlib.suppress(UnreadableEvent):
        assert all(isinstance(upload, Upload) for upload in events.parse_text(text))


@given(st.integers(0, 9), st.integers(0, 400), st.binary(max_size=4))
def test_no_recorded_event_that_is_damaged_brings_the_parser_down(number: int, place: int, put: bytes) -> None:
    recorded = sorted(RECORDED.glob("*.json"))
    text = bytearray(recorded[number % len(recorded)].read_bytes())
    text[place : place + len(put)] = put
    with contextlib.suppress(UnreadableEvent):
        assert all(isinstance(upload, Upload) for upload in events.parse_text(text.decode(errors="replace")))
