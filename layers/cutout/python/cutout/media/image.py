"""Photos: files to `Picture`s and back."""

from enum import Enum

from PIL import ImageFile

from cutout.errors import EmptyFile, TooManyBytes, TooManyPixels
from cutout.limits import Limits
from cutout.media.channels import Channels
from cutout.media.codecs import damage_refused, open_header, quiet_codecs
from cutout.media.colour import rgb_profile
from cutout.media.eight_bit import read_eight_bit, read_jpeg, scale_grey_key
from cutout.media.heif import read_heif
from cutout.media.metadata import Metadata, read_metadata
from cutout.media.picture import Picture, Samples
from cutout.media.png import encode_png
from cutout.media.signature import recognise, unsupported
from cutout.media.sixteen_bit import (
    bits_of_avif,
    is_sixteen_bit_png,
    read_deep_avif,
    read_sixteen_bit_png,
    read_sixteen_bit_tiff,
    read_twelve_bit_tiff,
)
from cutout.media.tiff import read_layout
from cutout.media.web_formats import encode_avif, encode_jpeg, encode_lossless_webp, encode_webp


class ImageFormat(Enum):
    """What a cutout can be written as. All but PNG have 8 bits, and all but PNG and lossless WebP are lossy."""

    PNG = "png"
    WEBP = "webp"
    WEBP_LOSSLESS = "webp-lossless"
    JPEG = "jpg"
    AVIF = "avif"

    @property
    def content_type(self) -> str:
        return "image/webp" if self is ImageFormat.WEBP_LOSSLESS else f"image/{self.name.lower()}"

    @property
    def largest_side_pixels(self) -> int:
        """What the format can hold; in AVIF, what its reference decoder takes."""
        return _LARGEST_SIDE_PIXELS[self]


_LARGEST_SIDE_PIXELS = {
    ImageFormat.PNG: 2**31 - 1,
    ImageFormat.WEBP: 16383,
    ImageFormat.WEBP_LOSSLESS: 16383,
    ImageFormat.JPEG: 65500,
    ImageFormat.AVIF: 32768,
}


def decode(data: bytes, limits: Limits) -> Picture:
    """The first picture in a file, upright, in RGB, in the 8 or 16 bits that it has.

    Ink (CMYK, LAB) becomes sRGB through its profile, grey becomes three equal channels.
    Raises EmptyFile, TooManyBytes, UnsupportedFormat, TooManyPixels (before pixels are allocated) and UnreadableImage.
    """
    source_format = _format_within(data, limits)
    with quiet_codecs(limits), damage_refused(source_format, limits):
        match source_format:
            case "JPEG":
                return _decode_jpeg(data, limits)
            case "PNG":
                return _decode_png(data, limits)
            case "TIFF":
                return _decode_tiff(data, limits)
            case "AVIF":
                return _decode_avif(data, limits)
            case "HEIF":
                return _decode_heif(data, limits)
            case _:
                return _decode_other(data, source_format, limits)


def pixels_from_header(data: bytes, limits: Limits) -> int:
    """How many pixels `decode` would make of `data`. Raises as it does, of what the header tells."""
    source_format = _format_within(data, limits)
    with quiet_codecs(limits), damage_refused(source_format, limits):
        image = open_header(data, source_format, limits)
    return image.width * image.height


def encode(picture: Picture, image_format: ImageFormat) -> bytes:
    """`picture` as a file. Profile, copyright and resolution go with it.

    JPEG has no alpha: compose the picture on a colour first, or a ValueError says so.
    Raises TooManyPixels where a side is longer than the format can hold.
    """
    check_sides(picture, image_format)
    match image_format:
        case ImageFormat.PNG:
            return encode_png(
                picture.pixels,
                alpha=picture.alpha,
                icc_profile=picture.icc_profile,
                dpi=picture.dpi,
                text=_copyright_text(picture.copyright),
            )
        case ImageFormat.WEBP:
            return encode_webp(picture)
        case ImageFormat.WEBP_LOSSLESS:
            return encode_lossless_webp(picture)
        case ImageFormat.JPEG:
            return encode_jpeg(picture)
        case ImageFormat.AVIF:
            return encode_avif(picture)


def check_sides(picture: Picture, image_format: ImageFormat) -> None:
    """Raises TooManyPixels where a side is longer than the format can hold."""
    if max(picture.width, picture.height) > image_format.largest_side_pixels:
        raise TooManyPixels(
            f"The picture is {picture.width} x {picture.height} pixels, but {image_format.value} holds at most"
            f" {image_format.largest_side_pixels} per side: ask for png or upload a smaller version."
        )


def encode_matte(
    matte: Samples, *, dpi: tuple[float, float] | None = None, copyright_notice: str | None = None
) -> bytes:
    """An alpha matte, HxW uint8 or uint16, as a grey PNG. It has no profile: a matte is coverage, not colour."""
    if matte.ndim != 2:
        raise ValueError(f"a matte is HxW, not {matte.shape}")
    return encode_png(matte, dpi=dpi, text=_copyright_text(copyright_notice))


def _format_within(data: bytes, limits: Limits) -> str:
    if not data:
        raise EmptyFile("The file is empty: upload it again.")
    if len(data) > limits.bytes:
        raise TooManyBytes(
            f"The file has {len(data) / 1e6:.1f} MB, above the limit of {limits.megabytes:g} MB: upload a smaller one."
        )
    return recognise(data)


def _decode_jpeg(data: bytes, limits: Limits) -> Picture:
    image = open_header(data, "JPEG", limits)
    metadata = read_metadata(image)
    return picture_of(image, read_jpeg(data, image).turned(metadata.orientation), metadata)


def _decode_png(data: bytes, limits: Limits) -> Picture:
    image = open_header(data, "PNG", limits)
    is_sixteen_bit = is_sixteen_bit_png(image)
    scale_grey_key(image)
    # EXIF and text may stand behind the pixels.
    image.load()
    metadata = read_metadata(image)
    channels = read_sixteen_bit_png(data, image) if is_sixteen_bit else read_eight_bit(image)
    return picture_of(image, channels.turned(metadata.orientation), metadata)


def _decode_tiff(data: bytes, limits: Limits) -> Picture:
    layout = read_layout(data)
    try:
        image = open_header(data, "TIFF", limits)
    except SyntaxError as error:
        raise unsupported(f"The TIFF arranges its channels of {layout.bits} bits in an unusual way") from error
    metadata = read_metadata(image)
    # Pillow and OpenCV both turn a TIFF as they decode it.
    if layout.is_sixteen_bit:
        channels = read_sixteen_bit_tiff(data, layout)
    elif layout.is_twelve_bit:
        channels = read_twelve_bit_tiff(image)
    else:
        channels = read_eight_bit(image)
    return picture_of(image, channels, metadata)


def _decode_avif(data: bytes, limits: Limits) -> Picture:
    image = open_header(data, "AVIF", limits)
    metadata = read_metadata(image)
    bits = bits_of_avif(data)
    channels = read_eight_bit(image) if bits == 8 else read_deep_avif(data, bits)
    return picture_of(image, channels.turned(metadata.orientation), metadata)


def _decode_heif(data: bytes, limits: Limits) -> Picture:
    image = open_header(data, "HEIF", limits)
    metadata = read_metadata(image)
    return picture_of(image, read_heif(data, image), metadata)


def _decode_other(data: bytes, source_format: str, limits: Limits) -> Picture:
    image = open_header(data, source_format, limits)
    metadata = read_metadata(image)
    return picture_of(image, read_eight_bit(image).turned(metadata.orientation), metadata)


def picture_of(image: ImageFile.ImageFile, channels: Channels, metadata: Metadata) -> Picture:
    """`channels`, which were decoded from `image`, and what else is kept of its file."""
    return Picture(
        pixels=channels.colour,
        alpha=channels.alpha,
        icc_profile=rgb_profile(image),
        dpi=metadata.dpi,
        copyright=metadata.copyright,
        source_format=str(image.format),
    )


def _copyright_text(notice: str | None) -> dict[str, str]:
    return {} if notice is None else {"Copyright": notice}
