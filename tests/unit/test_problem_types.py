"""Types of problems: one table, in the words of docs/PROTOCOL.md, and each raised somewhere with its own status."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request

from app.web import problempages
from app.web.problem_types import TYPES, uri
from app.web.problems import Problem

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "PROTOCOL.md").read_text(encoding="utf-8")

CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def strings() -> Iterator[tuple[str, str]]:
    """Each text that the server's code holds outside the table, and its file."""
    for file in sorted((PROJECT / "app").rglob("*.py")):
        if file.name != "problem_types.py":
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value, file.name


def raised() -> Iterator[tuple[object, str]]:
    """Status and type of each `Problem(...)` in the server's code that names both."""
    for file in sorted((PROJECT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem":
                kind = next((each.value for each in node.keywords if each.arg == "type"), None)
                if isinstance(kind, ast.Constant) and isinstance(node.args[0], ast.Constant):
                    yield node.args[0].value, str(kind.value)


def test_the_protocol_has_each_type_in_the_same_words() -> None:
    """The table of docs/PROTOCOL.md is the server's, row by row."""
    table = re.search(r"^\| type \| status \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    assert table
    wanted = [
        f"| `{uri(name)}` | {kind.status} | {kind.means} | {kind.act} |" for name, kind in TYPES.items()
    ]
    assert table[1].splitlines() == wanted


def test_each_type_is_raised_somewhere() -> None:
    """No type that nothing ever answers with."""
    said = {text for text, _ in strings()}
    assert set(TYPES) <= said


def test_a_problem_has_the_status_of_its_type() -> None:
    """Wherever one is raised, and under a name that is in the table."""
    found = list(raised())
    assert len(found) > 10
    assert [
        (status, name) for status, name in found if name not in TYPES or TYPES[name].status != status
    ] == []


def test_a_problem_without_a_type_says_its_status() -> None:
    """RFC 9457, section 4.2.1."""
    about = {"type": "about:blank", "title": "Method Not Allowed", "status": 405, "detail": "x"}
    assert Problem(405, "x").body == about


@pytest.mark.parametrize(
    ("method", "headers", "page"),
    [
        ("GET", {"accept": CHROMIUM, "sec-fetch-mode": "navigate"}, True),
        ("GET", {"accept": CHROMIUM}, True),  # over plain HTTP browsers say no more than this
        ("HEAD", {"accept": "text/html"}, True),
        ("GET", {"accept": "TEXT/HTML ; Q=0.5"}, True),
        ("GET", {"accept": "text/html;q=0.4, application/json;q=0.5"}, False),
        ("GET", {"accept": "text/html, application/problem+json"}, False),
        ("GET", {"accept": "text/html;q=x"}, False),
        ("GET", {"accept": "text/html;q=0"}, False),
        ("GET", {"accept": CHROMIUM, "sec-fetch-mode": "cors"}, False),
        ("GET", {"accept": "*/*", "sec-fetch-mode": "navigate"}, False),
        ("GET", {"accept": "*/*"}, False),
        ("GET", {"accept": "application/json"}, False),
        ("GET", {"accept": "image/avif,image/webp,*/*;q=0.8", "sec-fetch-mode": "no-cors"}, False),
        ("GET", {"accept": "text/event-stream"}, False),
        ("GET", {}, False),
        ("POST", {"accept": CHROMIUM}, False),
    ],
)  # fmt: skip
def test_a_page_is_for_a_person_who_navigates(method: str, headers: dict[str, str], *, page: bool) -> None:
    """Everybody else gets JSON."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    assert problempages.wanted(Request({"type": "http", "method": method, "headers": raw})) is page
