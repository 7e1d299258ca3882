"""Small, honest PDF decks, drawn by code: for the demo, the screenshots and the tests.

Rules: the standard library alone, and no clock and no chance: the same call gives the same bytes. Text is text (Helvetica,
never embedded), so that it can be extracted; shapes are vectors. Coordinates are points from the lower left corner.
"""

import math
from collections.abc import Iterable

WIDTH, HEIGHT = 960, 540

INK = (0.13, 0.15, 0.20)
QUIET = (0.42, 0.45, 0.52)
BLUE = (0.0, 0.447, 0.698)
ORANGE = (0.835, 0.369, 0.0)
GREEN = (0.0, 0.62, 0.451)
PALE = (0.93, 0.95, 0.97)

Color = tuple[float, float, float]
Point = tuple[float, float]


class Sheet:
    """One page: operators of a PDF content stream."""

    def __init__(self) -> None:
        self._operators: list[str] = []

    @property
    def content(self) -> bytes:
        """The page's content stream."""
        return "\n".join(self._operators).encode("cp1252")

    def text(
        self, at: Point, words: str, size: float = 24, color: Color = INK, *, bold: bool = False
    ) -> None:
        """One line of text, from its left end on the base line."""
        escaped = words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        font = "F2" if bold else "F1"
        self._add(f"BT {_rgb(color)} rg /{font} {size:g} Tf {at[0]:.2f} {at[1]:.2f} Td ({escaped}) Tj ET")

    def box(self, at: Point, width: float, height: float, color: Color) -> None:
        """A filled rectangle."""
        self._add(f"{_rgb(color)} rg {at[0]:.2f} {at[1]:.2f} {width:.2f} {height:.2f} re f")

    def line(self, points: Iterable[Point], color: Color = INK, width: float = 2) -> None:
        """A line through points."""
        first, *rest = points
        path = " ".join([f"{first[0]:.2f} {first[1]:.2f} m", *(f"{x:.2f} {y:.2f} l" for x, y in rest)])
        self._add(f"{_rgb(color)} RG {width:g} w 1 J 1 j {path} S")

    def dot(self, at: Point, radius: float, color: Color) -> None:
        """A disc, as a line of no length with round ends."""
        self._add(
            f"{_rgb(color)} RG {2 * radius:g} w 1 J {at[0]:.2f} {at[1]:.2f} m {at[0]:.2f} {at[1]:.2f} l S"
        )

    def _add(self, operator: str) -> None:
        self._operators.append(operator)


def _rgb(color: Color) -> str:
    return " ".join(f"{part:g}" for part in color)


def pdf(sheets: list[Sheet], size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """A PDF file of these pages."""
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(len(sheets)))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(sheets)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for n, sheet in enumerate(sheets):
        bodies.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {size[0]} {size[1]}] /Contents {6 + 2 * n} 0 R "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> >>".encode()
        )
        bodies.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(sheet.content), sheet.content))
    file = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(bodies, start=1):
        places.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    file += b"".join(b"%010d 00000 n \n" % place for place in places)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(file)


def plain_deck(pages: int = 3, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """A deck whose page n says `Page n` and nothing else."""
    sheets = []
    for number in range(1, pages + 1):
        sheet = Sheet()
        sheet.text((60, size[1] / 2), f"Page {number}", 64)
        sheets.append(sheet)
    return pdf(sheets, size)


def demo_deck() -> bytes:
    """Eight pages on sampling a signal: titles, lists, curves, bars."""
    sheets = [
        _title(),
        _list(
            "Why sample at all?",
            [
                "A sensor gives a curve; a computer keeps numbers.",
                "Numbers can be stored, sent and compared.",
                "The question: how many a second are enough?",
            ],
        ),
        _wave("A signal", samples=0),
        _wave("The same signal, sampled often", samples=32),
        _wave("The same signal, sampled too seldom", samples=5),
        _list(
            "The rule",
            [
                "Sample at more than twice the highest frequency.",
                "Below that, different signals give the same samples.",
                "What was lost cannot be computed back.",
            ],
        ),
        _bars(
            "Rates in use, in kHz",
            [("Telephone", 8), ("Wideband call", 16), ("Compact disc", 44.1), ("Studio", 96)],
        ),
        _list(
            "For next week",
            [
                "Record one word at two rates, and compare.",
                "Exercises 1 to 4 on sheet 3.",
                "Bring headphones.",
            ],
        ),
    ]
    for number, sheet in enumerate(sheets, start=1):
        sheet.text((WIDTH - 80, 28), f"{number} / {len(sheets)}", 14, QUIET)
    return pdf(sheets)


def _page(title: str) -> Sheet:
    sheet = Sheet()
    sheet.box((0, HEIGHT - 12), WIDTH, 12, BLUE)
    sheet.text((60, HEIGHT - 90), title, 38, bold=True)
    return sheet


def _title() -> Sheet:
    sheet = Sheet()
    sheet.box((0, 0), WIDTH, HEIGHT, PALE)
    sheet.box((0, 0), 24, HEIGHT, BLUE)
    sheet.text((90, 320), "Sampling", 72, bold=True)
    sheet.text((92, 265), "How often is often enough?", 32, QUIET)
    sheet.line(_sine(90, 150, 780, 40, 3), ORANGE, 4)
    return sheet


def _list(title: str, lines: list[str]) -> Sheet:
    sheet = _page(title)
    for n, line in enumerate(lines):
        y = HEIGHT - 190 - 80 * n
        sheet.dot((74, y + 8), 7, ORANGE)
        sheet.text((104, y), line, 28)
    return sheet


def _sine(x: float, y: float, width: float, height: float, periods: float) -> list[Point]:
    steps = 240
    return [
        (x + width * n / steps, y + height * math.sin(math.tau * periods * n / steps))
        for n in range(steps + 1)
    ]


def _wave(title: str, samples: int) -> Sheet:
    sheet = _page(title)
    left, middle, width, height, periods = 80.0, 220.0, 800.0, 120.0, 4
    sheet.line([(left, middle), (left + width, middle)], QUIET, 1)
    sheet.line([(left, middle - 150), (left, middle + 150)], QUIET, 1)
    sheet.line(_sine(left, middle, width, height, periods), BLUE, 4)
    taken = [
        (left + width * n / samples, middle + height * math.sin(math.tau * periods * n / samples))
        for n in range(samples + 1 if samples else 0)
    ]
    if taken:
        sheet.line(taken, ORANGE, 2)
    for point in taken:
        sheet.dot(point, 7, ORANGE)
    return sheet


def _bars(title: str, values: list[tuple[str, float]]) -> Sheet:
    sheet = _page(title)
    most = max(value for _, value in values)
    for n, (name, value) in enumerate(values):
        y = HEIGHT - 180 - 85 * n
        sheet.text((60, y + 14), name, 26)
        sheet.box((270, y), 520 * value / most, 46, GREEN)
        sheet.text((285 + 520 * value / most, y + 14), f"{value:g}", 26, bold=True)
    return sheet
