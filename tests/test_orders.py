"""If these fail, one order has two outcomes, or two orders have one between them."""

import json
from dataclasses import replace

import pytest

from cutout.errors import NameTooLong, OutputBucketAsSource
from cutout.events import Upload
from cutout.options import Options
from cutout.orders import (
    LARGEST_METADATA_BYTES,
    LONGEST_KEY_BYTES,
    LONGEST_VERDICT,
    asked_for,
    check_metadata,
    check_names,
    check_source,
    matte_keys,
    order_of,
    output_key,
    output_metadata,
    verdict_of_same_matte,
)
from cutout.verdict import Verdict

VERSIONED = Upload("in", "a.mp4", "v1", "e1", {"model": "u2netp"})
UNVERSIONED = Upload("in", "a.mp4", None, "e1")
VERDICT = Verdict(0.25, 0.0, 0.01, 1, 0.93)
METADATA = {"Cutout-Crop": "subject", "cutout-model": "u2net", "author": "me"}


def test_the_callers_options_win_over_the_objects() -> None:
    assert asked_for(VERSIONED, METADATA) == {"crop": "subject", "model": "u2netp"}


def test_the_metadata_of_a_version_may_be_gone_without_making_another_order() -> None:
    assert order_of(VERSIONED, Options(), METADATA) == order_of(VERSIONED, Options())


@pytest.mark.parametrize("version", [None, "null"])
def test_without_versions_the_metadata_makes_another_order(version: str | None) -> None:
    upload = Upload("in", "a.mp4", version, "e1")
    assert order_of(upload, Options(), METADATA).options["crop"] == "subject"
    assert order_of(upload, Options(), METADATA) != order_of(upload, Options())


def test_other_defaults_make_another_order() -> None:
    defaults = Options().updated({"background": "white"})
    assert order_of(VERSIONED, defaults) != order_of(VERSIONED, Options())


def test_the_output_bucket_is_never_a_source() -> None:
    check_source(VERSIONED, "out")
    with pytest.raises(OutputBucketAsSource):
        check_source(VERSIONED, "in")


def test_the_longest_names_of_outputs_are_measured_in_bytes() -> None:
    longest = Upload("in", "ü" * 500, None, "e1")
    check_names(longest, [".mp4" * 6], for_review=False)
    with pytest.raises(NameTooLong):
        check_names(longest, [".mp4", ".mp4" * 7], for_review=False)
    with pytest.raises(NameTooLong):
        check_names(longest, [".mp4" * 6], for_review=True)
    assert len(("ü" * 500 + ".mp4" * 6).encode()) == LONGEST_KEY_BYTES


def test_the_metadata_of_an_output_is_measured_as_it_is_sent() -> None:
    def options(name: str) -> Options:
        return Options().updated({"background": f"key:{name}"})

    metadata = output_metadata(UNVERSIONED, options("k"), LONGEST_VERDICT)
    bare = "".join(f"{name}{value}" for name, value in metadata.items())
    room = LARGEST_METADATA_BYTES - len(bare) + 1
    check_metadata(UNVERSIONED, options("k" * room))
    check_metadata(UNVERSIONED, options("ü" * (room // 6)))
    for name in ("k" * (room + 1), "ü" * (room // 6 + 1)):
        with pytest.raises(NameTooLong):
            check_metadata(UNVERSIONED, options(name))


def test_an_output_says_what_it_was_made_of_and_how() -> None:
    metadata = output_metadata(UNVERSIONED, Options(), VERDICT)
    assert (metadata["source-version"], metadata["source-etag"]) == ("", "e1")
    assert Options().updated(json.loads(metadata["options"])) == Options()
    assert Verdict(**json.loads(metadata["verdict"])) == VERDICT


MATTE = {"outputs": "png,mask"}
METADATA_OF_MATTE = output_metadata(VERSIONED, Options().updated(MATTE), VERDICT)


def test_a_stored_matte_of_the_same_upload_and_net_serves_again_with_its_verdict() -> None:
    wanted = Options().updated({"outputs": "jpg", "background": "red", "crop": "subject", "shadow": "soft"})
    assert verdict_of_same_matte(METADATA_OF_MATTE, VERSIONED, wanted) == VERDICT
    assert matte_keys(VERSIONED) == ("a.mp4.mask.png", "review/a.mp4.mask.png")


@pytest.mark.parametrize(
    ("metadata", "upload", "wanted"),
    [
        (METADATA_OF_MATTE, replace(VERSIONED, version="v2"), {}),
        (METADATA_OF_MATTE, replace(VERSIONED, etag="e2"), {}),
        (METADATA_OF_MATTE, VERSIONED, {"model": "u2netp"}),
        (output_metadata(VERSIONED, Options().updated({"crop": "subject"}), VERDICT), VERSIONED, {}),
        ({}, VERSIONED, {}),
        ({**METADATA_OF_MATTE, "options": "[]"}, VERSIONED, {}),
        ({**METADATA_OF_MATTE, "options": '{"model": "u9net"}'}, VERSIONED, {}),
        ({**METADATA_OF_MATTE, "verdict": "{}"}, VERSIONED, {}),
        ({**METADATA_OF_MATTE, "verdict": "good"}, VERSIONED, {}),
    ],
)
def test_any_other_stored_matte_does_not(metadata: dict[str, str], upload: Upload, wanted: dict[str, str]) -> None:
    assert verdict_of_same_matte(metadata, upload, Options().updated(wanted)) is None


def test_what_is_for_review_lies_apart() -> None:
    assert output_key(VERSIONED, ".png", for_review=True) == "review/a.mp4.png"
    assert output_key(VERSIONED, ".png", for_review=False) == "a.mp4.png"
