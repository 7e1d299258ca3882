"""Words can be read on every ground they stand on, in both schemes: WCAG 2.2, success criterion 1.4.3."""

import re

import pytest

from tests.support.pages import STATIC

LEAST = 4.5

GROUNDS = ("ground", "surface", "sunken")
PAIRS = [
    *((words, ground) for words in ("text", "quiet", "accent", "bad") for ground in GROUNDS),
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    ("text", "accent-soft"),
    ("accent", "accent-soft"),
    ("quiet", "accent-soft"),
    ("text", "good-soft"),
    ("quiet", "good-soft"),
    ("good", "good-soft"),
    ("good", "surface"),
    ("warn", "warn-soft"),
    ("bad", "bad-soft"),
]


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme; the dark one changes some of the light one's."""
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "css" / "base.css").read_text(), re.DOTALL)[:2]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light + (dark if scheme == "dark" else "")))


def luminance(color: str) -> float:
    """Relative luminance, as WCAG defines it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Between two colours: 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure() -> None:
    """Black on white is 21 to 1, and WCAG's own example of what just fails does."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("words", "ground"), PAIRS)
def test_words_can_be_read(scheme: str, words: str, ground: str) -> None:
    """At 4.5 to 1 and better."""
    colors = tokens(scheme)
    assert contrast(colors[words], colors[ground]) >= LEAST
