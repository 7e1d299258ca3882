"""How many pixels a page gets: decided from what it claims, before anything is allocated."""

import math

import pytest
from hypothesis import given, strategies as st

from app.decks.drawing import pixels

SIDE = 4096


@pytest.mark.parametrize(
    ("points", "width", "size"),
    [
        ((1024, 768), 1600, (1600, 1200)),
        ((1024, 768), 800, (800, 600)),
        ((595, 842), 1600, (1600, 2264)),
        ((100, 1000), 1600, (410, 4096)),
        ((1, 1e9), 1600, (1, 4096)),
        ((1e9, 1), 1600, (1600, 1)),
        ((1e9, 1e9), 1600, (1600, 1600)),
        ((1e-9, 1e-9), 1600, (1600, 1600)),
        ((8000, 6000), 9000, (4096, 3072)),
        ((0, 768), 1600, (1600, 1200)),
        ((-4, 3), 1600, (1600, 1200)),
        ((math.nan, 768), 1600, (1600, 1200)),
        ((math.inf, 768), 1600, (1600, 1200)),
    ],
)
def test_a_page_is_as_wide_as_asked_unless_it_is_too_long(
    points: tuple[float, float], width: int, size: tuple[int, int]
) -> None:
    """Nonsense counts as a slide of 4:3."""
    assert pixels(points, width, SIDE) == size


@given(st.floats(width=32), st.floats(width=32), st.integers(1, 10_000))
def test_no_claim_leads_out_of_bounds(wide: float, high: float, width: int) -> None:
    """For every pair of floats PDFium can return."""
    size = pixels((wide, high), width, SIDE)
    assert 1 <= size[0] <= min(width, SIDE)
    assert 1 <= size[1] <= SIDE
