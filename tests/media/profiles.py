"""ICC profiles whose meaning is known, because they are made of it."""

import struct

D50 = (0.9642, 1.0, 0.8249)


def icc_profile(space: bytes, tags: dict[bytes, bytes], connection: bytes = b"XYZ ") -> bytes:
    """A monitor's profile of version 2 (ICC.1:2001-04). `space`: b"RGB " or b"GRAY"."""
    tags = {b"wtpt": xyz(*D50), **tags}
    start = 132 + 12 * len(tags)
    table, contents = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(contents), len(content))
        contents += content + bytes(-len(content) % 4)
    size = start + len(contents)
    header = struct.pack(">I4xI4s4s4s12x4s", size, 0x02400000, b"mntr", space, connection, b"acsp") + bytes(28)
    return (header + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)).ljust(128, b"\0") + table + contents


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))


def gamma(exponent: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(exponent * 256))


def rgb_of(red: tuple[float, ...], green: tuple[float, ...], blue: tuple[float, ...], curve: bytes) -> bytes:
    """A profile of three primaries, in XYZ adapted to D50, and one curve."""
    primaries = {
        name: xyz(*primary) for name, primary in zip((b"rXYZ", b"gXYZ", b"bXYZ"), (red, green, blue), strict=True)
    }
    return icc_profile(b"RGB ", primaries | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))


def srgb_curve() -> bytes:
    """IEC 61966-2-1 in 1024 steps."""
    steps = (step / 1023 for step in range(1024))
    values = (x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in steps)
    return b"curv" + bytes(4) + struct.pack(">I1024H", 1024, *(round(65535 * value) for value in values))


DISPLAY_P3 = rgb_of((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841), srgb_curve())
PROPHOTO = rgb_of((0.7977, 0.2880, 0.0), (0.1352, 0.7119, 0.0), (0.0313, 0.0001, 0.8249), gamma(1.8))
ADOBE_RGB = rgb_of((0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446), gamma(2.2))
GREY_GAMMA_18 = icc_profile(b"GRAY", {b"kTRC": gamma(1.8)})
