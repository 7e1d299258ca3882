"""docs/GLOSSARY.md: the words have one place each, and the words that are not ours stay out of the code."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
WORDS = re.findall(
    r"^\| \*\*([^*]+)\*\* \|", (PROJECT / "docs" / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE
)


def test_words_are_in_order_and_defined_once() -> None:
    """A reader finds a word by the alphabet, and finds one meaning."""
    assert sorted(set(WORDS), key=str.lower) == WORDS


@pytest.mark.parametrize(
    "module", ["audience", "channel", "crowd", "cursor", "hub", "presence", "reader", "stamp", "subscriber"]
)
def test_modules_that_are_named_for_a_word(module: str) -> None:
    """A module that has the name of an idea has a word that says what it is."""
    assert list((PROJECT / "app").rglob(f"{module}.py"))
    assert module in WORDS


def test_words_that_say_nothing_name_nothing() -> None:
    """No module and no class is a room, a manager or a helper: the glossary has a word that says more."""
    empty = re.compile("room|manager|helper|utils?$", re.IGNORECASE)
    named = [file.stem for file in (PROJECT / "app").rglob("*.py")]
    for file in (PROJECT / "app").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        named += [node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [name for name in named if empty.search(name)] == []
