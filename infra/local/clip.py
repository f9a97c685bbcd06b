"""A real clip, made on the spot: the cup of a photo moves over another photo, with a tone for sound."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import skimage.data

from cutout.arrays import Floats, Pixels

WIDTH, HEIGHT = 480, 320
RATE = 10
FRAMES = 20
SAMPLE_RATE = 44_100
TONE_HERTZ = 440
TONE_SAMPLES = SAMPLE_RATE * FRAMES // RATE

# Around the cup and its saucer, in the photo at half its size: left, top, width, height.
CUP = (34, 4, 212, 192)
CUP_SCALE = 1.3
TRAVEL_PIXELS = 160


def write_clip(path: Path) -> None:
    """An MP4 of 2 s: H.264, 480x320, 10 frames a second, and AAC in stereo."""
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=RATE, options={"crf": "18"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        for picture in frames():
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode())
        container.mux(audio.encode(tone()))
        container.mux(audio.encode())


def frames() -> Iterator[Pixels]:
    """The cup is of a photo by Rachel Michetti, the rocket behind it by SpaceX; both in the public domain."""
    photo = half(skimage.data.coffee())
    matte = cup_matte(photo)
    behind = cv2.resize(skimage.data.rocket(), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32)
    cup = photo * matte[..., None]
    for number in range(FRAMES):
        share = number / (FRAMES - 1)
        left = (WIDTH - CUP_SCALE * photo.shape[1] - TRAVEL_PIXELS) / 2 + TRAVEL_PIXELS * share
        top = (HEIGHT - CUP_SCALE * photo.shape[0]) / 2 + 10 * np.sin(2 * np.pi * share)
        move = np.array([[CUP_SCALE, 0, left], [0, CUP_SCALE, top]], np.float32)
        moved, moved_matte = (cv2.warpAffine(each, move, (WIDTH, HEIGHT)) for each in (cup, matte))
        composed = moved + behind * (1 - moved_matte[..., None])
        yield composed.round().clip(0, 255).astype(np.uint8)


def cup_matte(photo: Pixels) -> Floats:
    """Where the cup and its saucer are, in [0, 1], by GrabCut (Rother, Kolmogorov and Blake 2004): no net is asked."""
    labels = np.zeros(photo.shape[:2], np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(photo, labels, CUP, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT)
    inside = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return cv2.GaussianBlur(inside, (0, 0), 0.8)


def tone() -> av.AudioFrame:
    """One tone for as long as the pictures last, in both channels."""
    seconds = np.arange(TONE_SAMPLES) / SAMPLE_RATE
    wave = 0.2 * np.sin(2 * np.pi * TONE_HERTZ * seconds).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate = SAMPLE_RATE
    return frame


def half(photo: Pixels) -> Pixels:
    return cv2.resize(photo, (photo.shape[1] // 2, photo.shape[0] // 2), interpolation=cv2.INTER_AREA)
