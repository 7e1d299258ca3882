"""Imports point one way: main -> web -> feed -> store -> core, with decks beside feed, known to web and main alone.

The tables are the architecture. A new package has to be entered here before it can be imported at all.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

# What each part of the app may import of the app.
ALLOWED: dict[str, set[str]] = {
    "core": set(),
    "store": {"core", "metrics"},
    "feed": {"core", "store", "metrics", "outages"},
    "decks": {"core"},
    "web": {"core", "store", "feed", "decks", "settings", "metrics", "outages"},
    "settings": {"core", "storeurl"},
    "storeurl": set(),
    "metrics": {"core"},
    "logs": set(),
    "outages": set(),
    "terminal": set(),
    "secrecy": set(),
    "embedded": {"settings", "terminal", "secrecy"},
    "server": {"terminal"},
    "supervisor": {"server", "terminal", "secrecy"},
    "serve": {"settings", "server", "supervisor", "main"},
    "main": {"core", "store", "feed", "decks", "web", "settings", "metrics", "logs", "outages", "secrecy"},
    "__main__": {"settings", "logs", "embedded", "serve", "main", "terminal", "secrecy"},
}

# The core is pure: no I/O, no event loop, no clock. (Chance comes in as an argument, of which `secrets` is a default.)
IMPURE = {
    "asyncio",
    "logging",
    "multiprocessing",
    "os",
    "random",
    "socket",
    "subprocess",
    "threading",
    "time",
}


def imports(source: str, module: str) -> Iterator[str]:
    """Every module that a module's source imports, under its full name."""
    package = module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            named = ".".join([*base, *([node.module] if node.module else [])])
            # `from app import feed` names a module by its alias.
            yield from (f"{named}.{alias.name}" for alias in node.names)


def faults(source: str, module: str) -> list[str]:
    """What a module imports against the rules."""
    part = module.split(".")[1]
    if part not in ALLOWED:
        return [f"{module}: app.{part} is not in the table of this test"]
    found = []
    for name in imports(source, module):
        top, *rest = name.split(".")
        if top == "app":
            if rest and rest[0] != part and rest[0] not in ALLOWED[part]:
                found.append(f"{module}: app.{part} must not import {name}")
        elif part == "core" and (top not in sys.stdlib_module_names or top in IMPURE):
            found.append(f"{module}: the core must not import {name}")
    return found


def modules() -> list[tuple[str, Path]]:
    """Every module of the app, with its file."""
    files = sorted((PROJECT / "app").rglob("*.py"))
    named = [(".".join(file.relative_to(PROJECT).with_suffix("").parts), file) for file in files]
    return [(name, file) for name, file in named if name != "app.__init__"]


def test_imports_point_one_way() -> None:
    """No module imports what stands above it."""
    assert modules(), "the app has modules"
    assert [fault for name, file in modules() for fault in faults(file.read_text(), name)] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("app.core.fold", "import asyncio"),
        ("app.core.fold", "from time import time"),
        ("app.core.fold", "import msgspec"),
        ("app.core.fold", "from app.store import redis"),
        ("app.core.fold", "from ..store import redis"),
        ("app.core.fold", "from app import store"),
        ("app.core.fold", "def late():\n    import redis.asyncio"),
        ("app.store.redis", "from app.feed.hub import Hub"),
        ("app.feed.hub", "import app.web"),
        ("app.feed.hub", "from app.decks import render"),
        ("app.decks.render", "from app.store import contract"),
        ("app.web.lessons", "import app.main"),
        ("app.extras.thing", "import json"),
    ],
)
def test_a_wrong_import_is_found(module: str, source: str) -> None:
    """The check sees absolute, relative, nested and aliased imports."""
    assert faults(source, module) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "app.core.fold",
            "from dataclasses import dataclass\nfrom app.core.stamp import Stamp\nfrom .stamp import Stamp",
        ),
        ("app.store.redis", "import redis.asyncio\nfrom app.core import stamp"),
        ("app.web.lessons", "from app.feed.hub import Hub\nfrom app.decks import objects\nimport msgspec"),
        ("app.main", "from app.web import routes\nfrom app import settings"),
    ],
)
def test_a_right_import_is_let_pass(module: str, source: str) -> None:
    """The check does not forbid what the design allows."""
    assert faults(source, module) == []
