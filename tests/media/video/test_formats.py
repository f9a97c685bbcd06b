import os
from pathlib import Path

import av
import pytest

from cutout.media.video.formats import VideoFormat, encoding, nvenc_works


@pytest.mark.parametrize("video_format", list(VideoFormat))
@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("gpu", [False, True])
def test_every_encoding_names_an_encoder_that_takes_its_layout(
    video_format: VideoFormat, bits: int, alpha: bool, gpu: bool
) -> None:
    if video_format is VideoFormat.MP4 and alpha:
        with pytest.raises(ValueError, match="no alpha"):
            encoding(video_format, bits=bits, alpha=alpha, gpu=gpu)
        return
    how = encoding(video_format, bits=bits, alpha=alpha, gpu=gpu)
    codec = av.codec.Codec(how.codec, "w")
    assert how.layout in {layout.name for layout in codec.video_formats}
    assert (codec.name.endswith("_nvenc")) == (gpu and video_format is VideoFormat.MP4)


def test_nvenc_works_where_there_is_a_gpu_and_nowhere_else() -> None:
    """Without a GPU this shows the no. The yes, and what NVENC writes, only a machine with one can show."""
    expected = os.environ.get("CUTOUT_EXPECT_GPU") == "true"
    if Path("/proc/driver/nvidia/version").exists() and not expected:
        pytest.skip("skipped: a GPU is here, and nobody promised that it works (CUTOUT_EXPECT_GPU=true)")
    assert nvenc_works() == expected
