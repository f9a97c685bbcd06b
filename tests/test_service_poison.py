"""One photo that kills whatever decodes it, beside good ones in the same batch.

If these fail, one upload takes others with it.
"""

import io
import os
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from cutout.dead_letters import letters
from infra.local.aws import REPOSITORY, EmbeddedAws
from infra.local.chaos.tiny_net import write_tiny_nets
from infra.local.hurry import hurried
from tests.test_trial import POISON

FUNCTION_SECONDS = 4
TIMEOUT_SECONDS = 120


@pytest.mark.parametrize("batch_size", ["1", "10"])
def test_a_photo_that_kills_its_decoder_is_refused_and_the_others_have_their_outcomes(
    tmp_path: Path, batch_size: str
) -> None:
    write_tiny_nets(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(POISON)
    with EmbeddedAws(
        template=hurried(REPOSITORY / "template.yaml", tmp_path, function_seconds=FUNCTION_SECONDS, job_seconds=60),
        parameters={"ImageTimeoutSeconds": str(FUNCTION_SECONDS), "ImageBatchSize": batch_size},
        function_environment={
            "CUTOUT_WEIGHTS_DIR": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
        },
        retry_delay_seconds=FUNCTION_SECONDS + 2,
    ) as aws:
        s3, bucket = aws.client("s3"), aws.outputs["InputBucket"]
        contents = {f"good-{number}.jpg": photo() for number in range(4)} | {"poison.jpg": photo() + b"SEGFAULT"}
        versions = {
            key: s3.put_object(Bucket=bucket, Key=key, Body=contents[key])["VersionId"]
            for key in ("good-0.jpg", "poison.jpg", "good-1.jpg", "good-2.jpg", "good-3.jpg")
        }
        outcomes = {key: aws.outcomes.wait(key, version, TIMEOUT_SECONDS) for key, version in versions.items()}
        assert [key for key, outcome in outcomes.items() if not outcome.is_removed] == ["poison.jpg"]
        assert outcomes["poison.jpg"].detail["error"]["code"] == "unreadable_image"
        assert "crashes" in outcomes["poison.jpg"].detail["error"]["message"]
        assert list(letters(aws.client("sqs"), aws.outputs["ImageDlqUrl"])) == []
        assert len(aws.outcomes.all()) == len(versions)


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(skimage.data.coffee()).resize((150, 100)).save(buffer, "JPEG")
    return buffer.getvalue()
