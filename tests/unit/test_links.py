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


CODE = [
    file
    for folder, suffix in (
        ("app", "py"),
        ("scripts", "py"),
        ("tests", "py"),
        ("static", "js"),
        ("app", "lua"),
    )
    for file in sorted((PROJECT / folder).rglob(f"*.{suffix}"))
]
CITED = re.compile(r"PROTOCOL\.md,\s+sections?\s+([\d, toand]*\d)")
ELSEWHERE = re.compile(r"\bcon" + r"tract, sections?\b", re.IGNORECASE)


def test_code_cites_sections_that_there_are() -> None:
    """A rule of the wire is cited by its section of docs/PROTOCOL.md, and by no document that the repository does not hold."""
    protocol = (PROJECT / "docs" / "PROTOCOL.md").read_text()
    sections = set(re.findall(r"^## (\d+)\. ", protocol, re.MULTILINE))
    cited = {file: CITED.findall(file.read_text()) for file in CODE}
    assert sum(map(len, cited.values())) > 20
    wrong = {
        name_of(file): numbers
        for file, found in cited.items()
        if (numbers := set(re.findall(r"\d+", " ".join(found))) - sections)
    }
    assert wrong == {}
    assert [name_of(file) for file in CODE if ELSEWHERE.search(file.read_text())] == []
