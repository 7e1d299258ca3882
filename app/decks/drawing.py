"""One page into pixels, bytes and text.

Rules: pixels are decided from the page's claimed size before anything is allocated, and no claim, be it
huge, zero, negative or not a number, leads to more than `side` x `side` of them. A page is drawn once, at the
largest width; smaller ones are averages of it. Imported by the worker alone.
"""

import io
import math
from contextlib import closing

import pypdfium2 as pdfium
from PIL import Image
from pypdfium2 import raw

from .text import clean

# For a page whose size is nonsense. Any shape will do, and slides are mostly this one.
NO_SIZE = (1024.0, 768.0)

# Slides are mostly text and flat colour, which lossless WebP keeps sharp in as many bytes as lossy needs
# (46-page lecture at 1600 px: 31 against 28 KiB and 24 against 30 ms a page). A page with photographs costs more
# than this many pixels a byte, and becomes lossy.
PIXELS_PER_BYTE = 25
LOSSLESS = {"lossless": True, "quality": 0, "method": 1}
# Method 4 takes 2.5 times as long for 3 % fewer bytes.
LOSSY = {"lossless": False, "quality": 80, "method": 2}


def pixels(points: tuple[float, float], width: int, side: int) -> tuple[int, int]:
    """The size in pixels of a page of `points`, `width` wide unless that made a side longer than `side`."""
    wide, high = points
    if not (math.isfinite(wide) and math.isfinite(high) and wide > 0 and high > 0):
        wide, high = NO_SIZE
    scale = min(width / wide, side / wide, side / high)
    return max(1, min(side, round(wide * scale))), max(1, min(side, round(high * scale)))


def draw(page: pdfium.PdfPage, size: tuple[int, int]) -> Image.Image:
    """The page on white, annotations included. PdfPage.render() would round the size up on its own."""
    bitmap = pdfium.PdfBitmap.new_native(*size, raw.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, *size)
    raw.FPDF_RenderPageBitmap(bitmap, page, 0, 0, *size, 0, raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER)
    image: Image.Image = bitmap.to_pil()
    return image


def webp(image: Image.Image) -> bytes:
    exact = _saved(image, LOSSLESS)
    if len(exact) * PIXELS_PER_BYTE <= image.width * image.height:
        return exact
    return min(exact, _saved(image, LOSSY), key=len)


def warm_up() -> None:
    """Pillow imports its encoder at the first picture, which has to come before the limits and the walls."""
    for options in (LOSSLESS, LOSSY):
        _saved(Image.new("RGB", (1, 1)), options)


def _saved(image: Image.Image, options: dict[str, int]) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", **options)
    return buffer.getvalue()


def images(page: pdfium.PdfPage, widths: tuple[int, ...], side: int) -> list[bytes]:
    """WebP images of the page, in the order of the widths (ascending)."""
    points = page.get_size()
    whole = draw(page, pixels(points, widths[-1], side))
    smaller = [whole.resize(pixels(points, width, side), Image.Resampling.BOX) for width in widths[:-1]]
    return [webp(image) for image in [*smaller, whole]]


def text(page: pdfium.PdfPage, limit: int) -> bytes:
    """What stands on the page, for screen readers; empty where the PDF does not say."""
    try:
        with closing(page.get_textpage()) as textpage:
            return clean(textpage.get_text_bounded(), limit).encode()
    except pdfium.PdfiumError:
        return b""  # the picture is there; a page without readable text is common (scans) and no failure
