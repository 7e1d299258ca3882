"""The process that draws one deck: `python -m app.decks.worker <orders>`, started by rendering.py alone.

Rules: stdin is the PDF, stdout takes frames (frames.py), and there is nothing else to read or write. Trusted
code is imported first, then the limits are set, and only then the first byte of the PDF is read. Running out of
anything ends as a GaveUp frame, a signal or silence; the parent turns each into a reason, and kills the
process group when time is up. Nothing is cleaned up at the end: the process leaves at once, since tearing
down what a hostile file has built is a risk for no gain.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import closing

import msgspec
import pypdfium2 as pdfium
from pypdfium2 import raw

from . import confinement, drawing
from .frames import Drawn, GaveUp, Opened, Orders, encode

HEADER_WITHIN = 1024  # where readers, PDFium among them, look for "%PDF-"
OPEN_FILES = 32  # stdin, stdout, stderr, and the system fonts PDFium falls back to
NICENESS = 10
PR_SET_PDEATHSIG = 1  # from <sys/prctl.h>; there is no other name for it in the standard library


def confine(orders: Orders) -> None:
    """From here on nothing can be written but pipes, memory and CPU time have an end, and nobody else is in reach."""
    drawing.warm_up()
    os.nice(NICENESS)
    if sys.platform == "linux":
        # A server that is killed outright must not leave a worker behind.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # The soft limit's signal, and not the hard one's, tells the parent that it was the time.
    resource.setrlimit(resource.RLIMIT_CPU, (orders.cpu_seconds, orders.cpu_seconds + 1))
    for kind, amount in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_AS, orders.memory_bytes),
    ):
        try:
            resource.setrlimit(kind, (amount, amount))
        except ValueError:
            # macOS knows the limit of memory, has never enforced it, and by now refuses it.
            if sys.platform == "linux":
                raise
    confinement.confine()


def opened(data: bytes, most: int) -> pdfium.PdfDocument | GaveUp:
    if b"%PDF-" not in data[:HEADER_WITHIN]:
        return GaveUp("not-pdf")
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if error.err_code in {raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY}:
            return GaveUp("password", detail=str(error))
        # No error, and yet pypdfium2 refuses to go on: it opened, and has no page.
        return GaveUp("no-pages" if error.err_code == raw.FPDF_ERR_SUCCESS else "damaged", detail=str(error))
    return document if len(document) <= most else GaveUp("too-many-pages", detail=str(len(document)))


def claimed_size(document: pdfium.PdfDocument, index: int) -> tuple[float, float]:
    """What the file says of a page, without loading it."""
    try:
        width, height = document.get_page_size(index)
    except pdfium.PdfiumError:
        return drawing.NO_SIZE  # loading the page, when its turn comes, tells what is wrong with it
    return width, height


def pages(document: pdfium.PdfDocument, orders: Orders) -> Iterator[bytes]:
    """The frames of an open deck, first page first."""
    largest = orders.widths[-1]
    claimed = [claimed_size(document, index) for index in range(len(document))]
    yield encode(Opened([drawing.pixels(points, largest, orders.side_pixels) for points in claimed]))
    for number in range(1, len(document) + 1):
        try:
            with closing(document[number - 1]) as page:
                parts = drawing.images(page, orders.widths, orders.side_pixels)
                parts.append(drawing.text(page, orders.text_chars))
        except MemoryError:
            yield encode(GaveUp("memory", number))
            return
        except pdfium.PdfiumError as error:
            yield encode(GaveUp("page", number, str(error)))
            return
        yield b"".join((encode(Drawn(number, [len(part) for part in parts])), *parts))


def main() -> None:
    orders = msgspec.json.decode(sys.argv[1], type=Orders)
    # Whatever C code may print to stdout must not end up between frames.
    frames = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    confine(orders)
    # The parent has written and stored this file through the same description, so its offset is anywhere.
    os.lseek(0, 0, os.SEEK_SET)
    document = opened(sys.stdin.buffer.read(), orders.pages)
    for frame in [encode(document)] if isinstance(document, GaveUp) else pages(document, orders):
        frames.write(frame)
        frames.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
