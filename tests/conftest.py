"""What many tests need: photos that nobody has to fetch, the pretrained weights, and the photos that are only lent."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import numpy as np
import pytest
import skimage.data
from botocore.config import Config
from moto import mock_aws

from cutout.arrays import Floats, Pixels
from cutout.models import Model
from cutout.saliency.detector import Detector
from cutout.saliency.engines import EngineName, load
from cutout.settings import CommandLineSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REFERENCE_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def reference_data() -> Path:
    """Photos that others made. They are no part of the project, so that they may be absent."""
    if not REFERENCE_DATA.is_dir():
        pytest.skip("skipped: no reference data")
    return REFERENCE_DATA


@pytest.fixture(scope="session")
def weights_directory() -> Path:
    """Where `make weights` put the pretrained weights. A test that needs them fails without them."""
    return CommandLineSettings.from_environment(os.environ).weights_directory


class Detectors:
    """The real nets on the real engines, each loaded once."""

    def __init__(self, weights_directory: Path) -> None:
        self._weights_directory = weights_directory
        self._loaded: dict[tuple[Model, EngineName], Detector] = {}

    def __call__(self, model: Model, engine: EngineName = EngineName.WINOGRAD) -> Detector:
        if (model, engine) not in self._loaded:
            self._loaded[model, engine] = Detector(load(engine, model, self._weights_directory))
        return self._loaded[model, engine]


@pytest.fixture(scope="session")
def detectors(weights_directory: Path) -> Detectors:
    return Detectors(weights_directory)


@pytest.fixture(scope="session")
def cat() -> Pixels:
    """A photo with a subject: 300 x 451 x 3."""
    return skimage.data.chelsea()


@pytest.fixture
def gpu() -> None:
    """For what only a GPU can show: skipped without one, failed where CUTOUT_EXPECT_GPU=true promised one."""
    import torch

    if torch.cuda.is_available():
        return
    if os.environ.get("CUTOUT_EXPECT_GPU") == "true":
        pytest.fail("A GPU was promised by CUTOUT_EXPECT_GPU=true, and torch finds none.")
    pytest.skip("skipped: no GPU")


class PaintedEngine:
    """An engine that finds its subject wherever the red of the picture is bright."""

    batch_size = 4

    def infer(self, batch: Pixels | Floats) -> Floats:
        brightest = batch.max(axis=(1, 2, 3), keepdims=True)[..., 0]
        return (batch[..., 0] > brightest * 0.485).astype(np.float32)


@pytest.fixture
def painted_detector() -> Detector:
    return Detector(PaintedEngine())


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator["S3Client"]:
    """S3 as moto plays it, in this process, with a versioned bucket `inbox` and a bucket `outbox`. It tries once."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3", config=Config(retries={"total_max_attempts": 1}))
        client.create_bucket(Bucket="inbox")
        client.put_bucket_versioning(Bucket="inbox", VersioningConfiguration={"Status": "Enabled"})
        client.create_bucket(Bucket="outbox")
        yield client
