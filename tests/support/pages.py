"""The pages as files: what a page loads, and what its markup refers to.

Rules: read from static/ alone, without a server; follows ES modules' relative imports and style sheets' imports.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

STATIC = Path(__file__).resolve().parents[2] / "static"

PLACE = "{{static}}"  # the server puts the hashed address of static/ here

IMPORT = re.compile(
    r"""(?:^\s*import|\bfrom|\bimport\()\s*["']([^"']+)["']|^\s*export\b[^;]*?\bfrom\s*["']([^"']+)["']""",
    re.MULTILINE,
)

SHEET = re.compile(r"""@import\s+["']([^"']+)["']""")

# Attributes whose value the browser loads; `href` of `a` only leads somewhere.
LOADS = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("use", "href"),
}


@dataclass
class Markup(HTMLParser):
    """What a page's HTML says, as far as the rules for pages go."""

    loads: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)  # what the content security policy would refuse

    def __post_init__(self) -> None:
        super().__init__()
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in = tag if tag in {"script", "style"} else ""
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if (tag, name) in LOADS:
                self.loads.append(value or "")
            if name == "style" or name.startswith("on"):
                self.inline.append(f"<{tag} {name}>")

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in and data.strip():
            self.inline.append(f"<{self._in}> with content")


def markup(page: Path) -> Markup:
    """A page's HTML, read."""
    read = Markup()
    read.feed(page.read_text())
    read.close()
    return read


def imported(module: Path) -> list[str]:
    """What an ES module imports, as written."""
    return [first or second for first, second in IMPORT.findall(module.read_text())]


def loaded(page: Path) -> set[Path]:
    """The page and every file of static/ that it loads, through all imports; names that lead to no file are kept."""
    found = {page}
    waiting = [
        STATIC / name.removeprefix(f"{PLACE}/") for name in markup(page).loads if name.startswith(PLACE)
    ]
    while waiting:
        file = waiting.pop().resolve()
        if file in found:
            continue
        found.add(file)
        if file.is_file() and file.suffix == ".js":
            waiting += [file.parent / name for name in imported(file) if name.startswith(".")]
        if file.is_file() and file.suffix == ".css":
            waiting += [file.parent / name for name in SHEET.findall(file.read_text())]
    return found
