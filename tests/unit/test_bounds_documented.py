"""The table of bounds in docs/ARCHITECTURE.md has the values of the code."""

import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

ARCHITECTURE = Path(__file__).resolve().parents[2] / "docs" / "ARCHITECTURE.md"

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `(app\.[\w.]+)` \| [^|]+ \|$", re.MULTILINE)
UNITS = {"": 1, "s": 1, "ms": 1, "days": 24 * 3600, "KiB": 1024, "MiB": 1024 * 1024}


def table() -> list[tuple[str, str, str]]:
    """What is bounded, its value as documented, and the name under which the code has it."""
    return [(row[1], row[2], row[3]) for row in ROW.finditer(ARCHITECTURE.read_text(encoding="utf-8"))]


def in_code(name: str) -> Any:
    """The value of `package.module.NAME`, or of a field's default as `package.module.Class.field`."""
    owner, _, field = name.rpartition(".")
    found = pkgutil.resolve_name(owner)
    return getattr(found() if inspect.isclass(found) else found, field)


def test_the_table_is_read() -> None:
    """Every row of the table is one that the test below judges."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    section = text.partition("## What is bounded")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    assert len(table()) == len(rows) - 1  # but for the heading
    assert table()


@pytest.mark.parametrize(("what", "told", "name"), table(), ids=lambda text: text if "app." in text else "")
def test_a_bound_is_the_codes(what: str, told: str, name: str) -> None:
    """The number and its unit are what the code has."""
    number, _, unit = told.partition(" ")
    assert float(number.replace(",", "")) * UNITS[unit] == in_code(name), what
