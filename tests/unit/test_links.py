"""What the documents point to exists."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("scripts/*.md")])

LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")


def name_of(file: Path) -> str:
    """A document's name in the repository."""
    return file.relative_to(PROJECT).as_posix()


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+?) *$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_relative_links_lead_somewhere(document: Path) -> None:
    """Every link to a file of the repository names one, and every anchor a heading in it."""
    dead = []
    for target, anchor in LINK.findall(document.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        file = (document.parent / target).resolve() if target else document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            dead.append(f"{target}#{anchor}" if anchor else target)
    assert dead == []
