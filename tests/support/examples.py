"""The examples of docs/PROTOCOL.md: read from the page, filled in, and compared with what a server answers.

Rules: `<name>` is bound where it first appears in an answer and has to be the same afterwards; JSON is compared as JSON,
all else as text; what fits leaves its names bound, what does not leaves nothing. Pure: no request is made here.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FENCE = re.compile(r"^```(http|sse)(?: ([a-z]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"<([a-z][a-z0-9-]*)>")
BARE = re.compile(r"(?<=[:\[,])(\s*)(<[a-z][a-z0-9-]*>)")  # a name in JSON without quotes

Names = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A request or an answer: its first line, its headers, its body (None: not shown)."""

    start: str
    headers: dict[str, str]
    body: str | None


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer. `mark` is `until`, the name of the stream that it opens, or empty."""

    line: int
    mark: str
    request: Part
    answer: Part

    @property
    def method(self) -> str:
        """The request's method."""
        return self.request.start.split()[0]

    @property
    def target(self) -> str:
        """The request's address, names and all."""
        return self.request.start.split()[1]

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.answer.start.split()[1])


@dataclass(frozen=True, slots=True)
class Told:
    """Events that arrive on an open stream."""

    line: int
    stream: str
    blocks: list[str]


def read(page: str) -> list[Exchange | Told]:
    """The examples of a page, in order. Raises ValueError for one that is none."""
    found: list[Exchange | Told] = []
    for fence in FENCE.finditer(page):
        kind, mark, text = fence[1], fence[2] or "", fence[3]
        line = page.count("\n", 0, fence.start()) + 1
        if kind == "sse":
            found.append(Told(line, mark, blocks(text)))
            continue
        request, answer = re.split(r"\n\n(?=HTTP/1\.1 )", text, maxsplit=1)
        found.append(Exchange(line, mark, _part(request), _part(answer)))
    return found


def _part(text: str) -> Part:
    head, _, body = text.partition("\n\n")
    start, *lines = head.splitlines()
    headers = dict(line.split(": ", 1) for line in lines)
    return Part(start, {name.lower(): value for name, value in headers.items()}, body.strip("\n") or None)


def blocks(stream: str) -> list[str]:
    """The blocks of a stream's text: events and comments, without the empty lines between them."""
    return [block for block in stream.strip("\n").split("\n\n") if block]


def fill(text: str, names: Mapping[str, Any]) -> str:
    """The text with its names filled in. Raises KeyError for one that nothing has bound."""
    return NAME.sub(lambda match: str(names[match[1]]), text)


@dataclass
class Matching:
    """One comparison: names bound so far, and those that it has bound itself."""

    names: Names
    bound: Names = field(default_factory=dict)

    def text(self, wanted: str, given: str) -> bool:
        """Whether a text fits."""
        names: list[str] = []
        pattern = ""
        for place, piece in enumerate(NAME.split(wanted)):
            pattern += re.escape(piece) if place % 2 == 0 else self._group(piece, names)
        match = re.fullmatch(pattern, given, re.DOTALL)
        if match is not None:
            self.bound |= dict(zip(names, match.groups(), strict=True))
        return match is not None

    def _group(self, name: str, names: list[str]) -> str:
        if name in self.names or name in self.bound:
            return re.escape(str({**self.names, **self.bound}[name]))
        if name in names:
            return rf"\{names.index(name) + 1}"
        names.append(name)
        return "(.+?)"

    def value(self, wanted: Any, given: Any) -> bool:
        """Whether a JSON value fits."""
        if isinstance(wanted, str) and (name := NAME.fullmatch(wanted)):
            known = {**self.names, **self.bound}
            if name[1] in known:
                return bool(known[name[1]] == given)
            self.bound[name[1]] = given
            return True
        if isinstance(wanted, str):
            return isinstance(given, str) and self.text(wanted, given)
        if type(wanted) is not type(given):
            return False
        if isinstance(wanted, dict):
            return wanted.keys() == given.keys() and all(
                self.value(wanted[key], given[key]) for key in wanted
            )
        if isinstance(wanted, list):
            return len(wanted) == len(given) and all(map(self.value, wanted, given))
        return bool(wanted == given)

    def json(self, wanted: str, given: str) -> bool:
        """Whether a JSON text fits; names in it may stand without quotes."""
        return self.value(json.loads(BARE.sub(r'\1"\2"', wanted)), json.loads(given))

    def block(self, wanted: str, given: str) -> bool:
        """Whether a block of a stream fits: its fields in order, data as JSON."""
        pairs = list(zip(wanted.splitlines(), given.splitlines(), strict=False))
        return len(wanted.splitlines()) == len(given.splitlines()) and all(
            self.json(one.removeprefix("data:"), other.removeprefix("data:"))
            if one.startswith("data:") and other.startswith("data:")
            else self.text(one, other)
            for one, other in pairs
        )


def differences(wanted: Part, given: Part, names: Names) -> list[str]:
    """What of an answer does not fit; where nothing, its names are bound."""
    matching = Matching(names)
    found = []
    if wanted.start.split()[1] != given.start.split()[1]:
        found.append(f"status {given.start}")
    for name, value in wanted.headers.items():
        if not matching.text(value, given.headers.get(name, "")):
            found.append(f"{name}: {given.headers.get(name)}")
    if wanted.body is not None and not _body(wanted, given, matching):
        found.append(f"body {given.body}")
    if not found:
        names |= matching.bound
    return found


def _body(wanted: Part, given: Part, matching: Matching) -> bool:
    body = given.body or ""
    if "json" in wanted.headers.get("content-type", ""):
        return matching.json(wanted.body or "", body)
    return matching.text(wanted.body or "", body.replace("\r\n", "\n").strip("\n"))
