"""Charts as SVG, written by hand: lines with ranges over a logarithmic x axis.

Rules: no script, no font, no colour alone (each series has its own mark, and its name at its last point); readable on
light and dark pages; the same data give the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from xml.sax.saxutils import escape

from scripts.lib.bench.rounds import Summary

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 120, 48, 48
LABEL = 46  # the width of a number below the axis; where two are nearer, the first stands alone
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MARKS = (
    '<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>',
    '<path d="M{x:.1f} {y:.1f}m-4.5 -4.5h9v9h-9z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -5.5l5.5 9.5h-11z"/>',
    '<path d="M{x:.1f} {y:.1f}m0 -6l6 6l-6 6l-6 -6z"/>',
)
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:15px}.grid{stroke:#ddd}"
    ".back{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.back{fill:#161616}}"
)


@dataclass(frozen=True, slots=True)
class Chart:
    """What to draw: for each series its points, x and a summary of y."""

    title: str
    x: str
    y: str
    series: Mapping[str, Sequence[tuple[float, Summary]]]

    def svg(self) -> str:
        """The picture."""
        frame = _Frame(self)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
            f"<title>{escape(self.title)}</title><style>{STYLE}</style>",
            f'<rect class="back" width="{WIDTH}" height="{HEIGHT}"/>',
            f'<text class="title" x="{LEFT}" y="24">{escape(self.title)}</text>',
            f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape(self.x)}</text>',
            f'<text x="{LEFT - 52}" y="{TOP - 8}">{escape(self.y)}</text>',
            *frame.grid(),
        ]
        for number, (name, points) in enumerate(self.series.items()):
            parts += frame.line(number, name, points)
        return "\n".join([*parts, "</svg>\n"])


class _Frame:
    """Axes: where a value is on the picture."""

    def __init__(self, chart: Chart) -> None:
        points = [point for series in chart.series.values() for point in series]
        self._xs = sorted({x for x, _ in points}) or [1.0, 10.0]
        self._step = _step(max((y.high for _, y in points), default=1.0))
        self._top = self._step * 5

    def x(self, value: float) -> float:
        low, high = log10(self._xs[0]), log10(self._xs[-1])
        share = (log10(value) - low) / (high - low) if high > low else 0.5
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - value / self._top * (HEIGHT - TOP - BOTTOM)

    def grid(self) -> list[str]:
        parts = []
        for number in range(6):
            value, y = number * self._step, self.y(number * self._step)
            parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
            parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
        said = float("-inf")
        for x in self._xs:
            parts.append(f'<path class="grid" d="M{self.x(x):.1f} {HEIGHT - BOTTOM}v4"/>')
            if self.x(x) - said < LABEL:
                continue
            said = self.x(x)
            where = f'x="{self.x(x):.1f}" y="{HEIGHT - BOTTOM + 18}"'
            parts.append(f'<text {where} text-anchor="middle">{x:,g}</text>')
        return parts

    def line(self, number: int, name: str, points: Sequence[tuple[float, Summary]]) -> list[str]:
        colour = COLOURS[number % len(COLOURS)]
        places = [(self.x(x), self.y(y.middle), y) for x, y in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in places)
        parts = [
            f'<g stroke="{colour}" fill="{colour}">',
            f'<path d="M{path}" fill="none" stroke-width="2"/>',
        ]
        for x, y, told in places:
            parts.append(
                f'<path d="M{x:.1f} {self.y(told.low):.1f}V{self.y(told.high):.1f}" stroke-width="1.5"/>'
            )
            parts.append(MARKS[number % len(MARKS)].format(x=x, y=y))
        if places:
            x, y, _ = places[-1]
            parts.append(f'<text x="{x + 10:.1f}" y="{y + 4:.1f}" stroke="none">{escape(name)}</text>')
        return [*parts, "</g>"]


def _step(most: float) -> float:
    """A round number, five of which reach the largest value."""
    size: float = 10.0 ** floor(log10(most / 5)) if most > 0 else 1.0
    return next(size * nice for nice in (1, 2, 2.5, 5, 10) if size * nice * 5 >= most)
