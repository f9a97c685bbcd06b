"""ICC profiles of grey for pictures that have become RGB."""

import struct

_HEADER_BYTES = 128
_TAG_BYTES = 12
_KEPT_TAGS = (b"desc", b"cprt", b"wtpt")
_SRGB_PRIMARIES = {
    b"rXYZ": (0x6FA2, 0x38F5, 0x0390),
    b"gXYZ": (0x6294, 0xB787, 0x18CE),
    b"bXYZ": (0x24A0, 0x0F84, 0xB6CF),
}
"""Those of IEC 61966-2-1, adapted to D50, in 1/65536, with green rounded so that their sum is D50."""


def grey_as_rgb(profile: bytes) -> bytes | None:
    """A profile under which three equal channels look as one did under `profile`, an ICC profile of grey.

    RGB files can't carry a profile of grey. Its curve goes to all three channels, and sRGB's primaries add up to the
    white that it is relative to (ICC.1:2022, 8.3.3 and 8.4.2). None where it is damaged, or has no such curve.
    """
    try:
        tags = _read_tags(profile)
    except (struct.error, ValueError):
        return None
    curve = tags.get(b"kTRC")
    if profile[20:24] != b"XYZ " or curve is None:
        return None
    primaries = {name: b"XYZ " + bytes(4) + struct.pack(">3i", *xyz) for name, xyz in _SRGB_PRIMARIES.items()}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _write({name: tags[name] for name in _KEPT_TAGS if name in tags} | primaries | curves, profile)


def _read_tags(profile: bytes) -> dict[bytes, bytes]:
    """Contents by signature (ICC.1:2022, 7.3). Raises struct.error or ValueError where the table is damaged."""
    (count,) = struct.unpack_from(">I", profile, _HEADER_BYTES)
    tags = {}
    for number in range(min(count, 100)):
        name, start, size = struct.unpack_from(">4sII", profile, _HEADER_BYTES + 4 + number * _TAG_BYTES)
        tags[name] = profile[start : start + size]
        if len(tags[name]) != size:
            raise ValueError(f"the tag {name!r} ends behind the profile")
    return tags


def _write(tags: dict[bytes, bytes], like: bytes) -> bytes:
    """A profile of a monitor with `tags`, in the version of the profile `like`."""
    start = _HEADER_BYTES + 4 + len(tags) * _TAG_BYTES
    table, contents = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(contents), len(content))
        contents += content.ljust(-(-len(content) // 4) * 4, b"\0")
    header = bytearray(like[:_HEADER_BYTES])
    header[:4] = struct.pack(">I", start + len(contents))
    header[12:20] = b"mntrRGB "
    header[84:100] = bytes(16)
    return bytes(header) + table + contents
