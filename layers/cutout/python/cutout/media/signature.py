"""What a file is, from its first bytes. Names and endings of files are never trusted."""

from cutout.errors import UnsupportedFormat

SUPPORTED = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF and HEIC"

_SUPPORTED_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)

_OTHER_STARTS = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\1\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"\0\0\1\xba", "a video"),
    (b"FLV\1", "a video"),
    (b"OggS", "a sound or a video"),
    (b"ID3", "a sound"),
    (b"PK\3\4", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
)

_RIFF_KINDS = {b"AVI ": "a video", b"WAVE": "a sound"}
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_TRANSPORT_STREAM_PACKET_BYTES = 188
_TEXT_SAMPLE_BYTES = 512
_LONGEST_CHARACTER_BYTES = 4


def recognise(data: bytes) -> str:
    """Name of the format as Pillow spells it: JPEG, PNG, WEBP, TIFF, BMP, GIF, AVIF or HEIF.

    Raises UnsupportedFormat for everything else, and says what the file seems to be.
    """
    for start, name in _SUPPORTED_STARTS:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if _brands(data) & _AVIF_BRANDS:
        return "AVIF"
    if _brands(data) & _HEIF_BRANDS:
        return "HEIF"
    raise unsupported(f"The file is {_name_unsupported(data)}")


def refuse_still(head: bytes) -> None:
    """Raise UnsupportedFormat for the beginning of a photo, where a video was expected."""
    try:
        kind = recognise(head)
    except UnsupportedFormat:
        return
    raise UnsupportedFormat(f"The file is a {kind} photo and is named like a video: upload it under a photo's name.")


def unsupported(statement: str) -> UnsupportedFormat:
    """The refusal that follows from `statement`, with the way out."""
    return UnsupportedFormat(f"{statement}. Supported are {SUPPORTED}: convert it and upload it again.")


def _name_unsupported(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "a video"
    if data[:4] == b"RIFF" and data[8:12] in _RIFF_KINDS:
        return _RIFF_KINDS[data[8:12]]
    for start, kind in _OTHER_STARTS:
        if data.startswith(start):
            return kind
    if data[:1] == b"G" == data[_TRANSPORT_STREAM_PACKET_BYTES : _TRANSPORT_STREAM_PACKET_BYTES + 1]:
        return "a video"
    return _name_text(data[:_TEXT_SAMPLE_BYTES])


def _name_text(sample: bytes) -> str:
    text = sample.decode("utf-8", errors="ignore")
    lost_bytes = len(sample) - len(text.encode("utf-8"))
    if lost_bytes >= _LONGEST_CHARACTER_BYTES or any(char < " " and char not in "\t\n\r\f" for char in text):
        return "of no kind that cutout knows"
    if "<svg" in text:
        return "an SVG drawing"
    return "text"


def _brands(data: bytes) -> set[bytes]:
    """Major and compatible brands of an ISO media file (ISO/IEC 14496-12, box `ftyp`)."""
    if data[4:8] != b"ftyp":
        return set()
    box = data[8 : int.from_bytes(data[:4], "big")]
    return {box[start : start + 4] for start in range(0, len(box), 4) if start != 4}
