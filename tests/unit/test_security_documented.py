"""docs/SECURITY.md and tests/hardening say the same: a threat, its answer in the code, and the test that holds it."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "SECURITY.md").read_text(encoding="utf-8")
HARDENING = PROJECT / "tests" / "hardening"

SECTION = re.compile(r"^## [^:\n]+: `(tests/[\w/]+\.py)`$", re.MULTILINE)
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| `(test_\w+)` \|$", re.MULTILINE)


def sections() -> dict[str, str]:
    """Each section that names a file of tests, by that file."""
    parts = SECTION.split(TEXT)[1:]
    return {file: text.partition("\n## ")[0] for file, text in zip(parts[::2], parts[1::2], strict=True)}


def rows() -> list[tuple[str, str, str, str]]:
    """File of tests, threat, places in the code, and test of every row."""
    return [(file, row[1], row[3], row[4]) for file, text in sections().items() for row in ROW.finditer(text)]


def names_in(file: Path) -> list[str]:
    """The tests in a file, in order."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in functions if node.name.startswith("test_")]


def test_every_row_is_read() -> None:
    """No row of the tables is of another form and so passes unseen."""
    lines = [line for line in TEXT.splitlines() if line.startswith("| ")]
    assert len(lines) == len(rows()) + len(sections())  # a heading each
    assert len({threat for _, threat, _, _ in rows() if threat != "the same"}) == len(rows())


@pytest.mark.parametrize("file", sorted(HARDENING.glob("test_*.py")), ids=lambda file: file.name)
def test_every_hardening_test_stands_for_a_threat(file: Path) -> None:
    """Each once, in the section of its file; and no row names a test that is not there."""
    told = [test for of, _, _, test in rows() if PROJECT / of == file]
    assert sorted(told) == sorted(names_in(file))


@pytest.mark.parametrize(("threat", "places"), [(threat, places) for _, threat, places, _ in rows()])
def test_every_answer_is_somewhere(threat: str, places: str) -> None:
    """The files in which a threat is said to be answered exist."""
    named = re.findall(r"`([\w/.]+)`", places)
    assert named, threat
    assert [place for place in named if not (PROJECT / place).is_file()] == [], threat
