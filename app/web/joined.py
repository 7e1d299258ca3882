"""One file for what a page's script or style sheet imports: a page then costs four requests, not forty.

Rules: text in, text out. A module becomes a function that gives what the module exports, and is called once, after those it imports,
so names of one module stay its own; the entry comes last, as it is, and may export. Style sheets are put in the place of their
`@import`. Only the forms that this project writes are understood (named imports and exports, from relative paths, one statement a
line start); any other raises ValueError when the server starts, as does a circle.
"""

import posixpath
import re
from collections.abc import Callable, Mapping

_IMPORT = re.compile(r'^import \{([\w$\s,]*)\} from "(\.{1,2}/[^"]+)";[^\n]*\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|class|const) ([A-Za-z_$][\w$]*))", re.MULTILINE)
_OTHER = re.compile(r"^(?:import|export)\b[^\n]*|\bimport(?:\(|\.meta)", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*//[^\n]*\n", re.MULTILINE)
_STYLES = re.compile(r'^@import "([^"]+)";[^\n]*\n', re.MULTILINE)
_OTHER_STYLES = re.compile(r"^@import[^\n]*", re.MULTILINE)


def script(files: Mapping[str, str], entry: str) -> str:
    """The module `entry` of `files` (path to text) with all that it imports before it, and without whole-line comments."""
    order = _ordered(files, entry, _imports)
    numbers = {path: number for number, path in enumerate(order)}
    parts = [_module(files[path], path, numbers) for path in order[:-1]]
    return "".join([*parts, _bound(_COMMENT.sub("", files[entry]), entry, numbers)])


def styles(files: Mapping[str, str], entry: str) -> str:
    """The style sheet `entry` of `files` with those it imports in their place, each once."""
    order = _ordered(files, entry, _STYLES.findall)
    texts = [_STYLES.sub("", files[path]) for path in order]
    for path, text in zip(order, texts, strict=True):
        _refuse(_OTHER_STYLES, text, path)
    return "".join(texts)


def _imports(text: str) -> list[str]:
    return [name for _, name in _IMPORT.findall(text)]


def _ordered(files: Mapping[str, str], entry: str, imports: Callable[[str], list[str]]) -> list[str]:
    """What `entry` needs, each after what it needs itself; the entry last."""
    order: list[str] = []
    open_: list[str] = []

    def visit(path: str) -> None:
        if path in order:
            return
        if path in open_:
            raise ValueError(f"{path} imports itself, by way of {' and '.join(open_)}")
        if path not in files:
            raise ValueError(f"{open_[-1] if open_ else 'the server'} wants {path}, which is not there")
        open_.append(path)
        for name in imports(files[path]):
            visit(posixpath.normpath(posixpath.join(posixpath.dirname(path), name)))
        open_.pop()
        order.append(path)

    visit(entry)
    return order


def _module(text: str, path: str, numbers: Mapping[str, int]) -> str:
    """A module as a function called at once; its name shows in a browser's stack traces."""
    text = _COMMENT.sub("", text)
    exported = _EXPORT.findall(text)
    text = _bound(_EXPORT.sub("", text), path, numbers, exports=False)
    name = re.sub(r"\W", "_", path.removesuffix(".js"))
    return f"const part{numbers[path]} = (function {name}() {{\n{text}return {{ {', '.join(exported)} }};\n}})();\n"


def _bound(text: str, path: str, numbers: Mapping[str, int], *, exports: bool = True) -> str:
    """A module's text with its imports taken from the modules before it."""

    def names(found: re.Match[str]) -> str:
        source = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2]))
        wanted = [one.strip().replace(" as ", ": ") for one in found[1].split(",") if one.strip()]
        return f"const {{ {', '.join(wanted)} }} = part{numbers[source]};\n"

    text = _IMPORT.sub(names, text)
    _refuse(_OTHER, re.sub(r"^export \{[^}]*\};", "", text, flags=re.MULTILINE) if exports else text, path)
    return text


def _refuse(other: re.Pattern[str], text: str, path: str) -> None:
    """Raise where something is left that would not work when joined."""
    if found := other.search(text):
        raise ValueError(f"{path} cannot be joined: {found[0]}")
