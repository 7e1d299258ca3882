"""The pages keep to what the server's content security policy allows, to what exists, and to their size."""

import gzip
import re
from pathlib import Path

import pytest

from app.web import joined
from tests.support.pages import PLACE, STATIC, imported, loaded, markup

PAGES = sorted(STATIC.glob("*.html"))
MODULES = sorted(STATIC.rglob("*.js"))
SHEETS = sorted(STATIC.rglob("*.css"))

EXPECTED = {"home.html", "student.html", "teacher.html", "screen.html", "missing.html", "problem.html"}

TEXTS = {
    file.relative_to(STATIC).as_posix(): file.read_text() for file in [*MODULES, *SHEETS]
}  # as the server joins them

FILES = 3

STUDENT_BYTES = 40 * 1024  # HTML, CSS and JavaScript, gzipped: a hall on a weak network


def name_of(file: Path) -> str:
    """A file's name below static/."""
    return file.relative_to(STATIC).as_posix()


def test_every_page_is_there() -> None:
    """One page each for the home, the student, the teacher, the projector, and for a code that nobody knows and for what is refused."""
    assert {page.name for page in PAGES} == EXPECTED


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_has_nothing_inline(page: Path) -> None:
    """No inline script, style or event handler: the policy refuses them."""
    assert markup(page).inline == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_loads_from_its_own_server_alone(page: Path) -> None:
    """Files come from the hashed static address, images also from the API; nothing from a third party."""
    foreign = [
        name
        for name in markup(page).loads
        if not name.startswith((PLACE, "/", "data:")) or name.startswith("//")
    ]
    assert foreign == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_loads_what_exists(page: Path) -> None:
    """Every script, style sheet and module that a page leads to is a file."""
    assert [str(file) for file in loaded(page) if not file.is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_ids_of_a_page_are_unique(page: Path) -> None:
    """A label, a popover and a script each find the one element they name."""
    ids = markup(page).ids
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_imports_relatively(module: Path) -> None:
    """No bare name and no address: there is no build and no import map."""
    assert [name for name in imported(module) if not name.startswith(".")] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=name_of)
def test_a_sheet_loads_nothing(sheet: Path) -> None:
    """No address but data: in a style sheet as it is served, so that it is never a chain of requests."""
    text = joined.styles(TEXTS, name_of(sheet))
    assert "@import" not in text
    assert [
        name for name in re.findall(r"url\(\s*[\"']?([^)\"']+)", text) if not name.startswith(("data:", "#"))
    ] == []


def test_every_file_is_used() -> None:
    """No module and no sheet that no page loads."""
    used = {file for page in PAGES for file in loaded(page)}
    assert [name_of(file) for file in [*MODULES, *SHEETS] if file not in used] == []


def test_the_students_page_is_small() -> None:
    """The whole student's page fits in its budget, compressed as the server compresses it."""
    served = {
        "page": (STATIC / "student.html").read_text(),
        "script": joined.script(TEXTS, "js/student.js"),
        "sheet": joined.styles(TEXTS, "css/student.css"),
    }
    sizes = {name: len(gzip.compress(text.encode(), 9)) for name, text in served.items()}
    assert sum(sizes.values()) <= STUDENT_BYTES, sizes


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_a_page_asks_for_few_files(page: Path) -> None:
    """Its script, its style sheet, its icon: thousands open it in the same minute, each over a slow line."""
    files = {name for name in markup(page).loads if name.startswith(PLACE)}
    assert len(files) <= FILES, files
