"""What a lesson holds before anybody joins: strokes on the current page, of about so many bytes."""

import json
from typing import Any

from scripts.lib.bench.payload import PAGE

STROKE = 600  # bytes of one
BASIS = 100  # of them, what is not points

Write = tuple[str, Any]


def writes(size: int) -> list[Write]:
    """The registers, with the page itself."""
    points = [5000, 5000] + [12, -11] * ((STROKE - BASIS) // 7)
    stroke = {"tool": "pen", "color": "#0072b2", "width": 24, "points": points}
    strokes = [(f"ink/{PAGE}/a{number}", stroke) for number in range(size // STROKE)]
    return [("slide", {"page": PAGE}), *strokes]


def data(size: int) -> bytes:
    """The same as an event's data, for peers that know no registers."""
    return json.dumps({"reset": True, "writes": writes(size)}, separators=(",", ":")).encode()
