"""What holds for every file of the repository, whatever it does.

The files are those that git tracks; in a copy without git, those that git would not ignore.
"""

import ast
import re
import subprocess
from pathlib import Path
from statistics import median

import pytest

PROJECT = Path(__file__).resolve().parents[2]

GENERATED = {
    "var",
    ".venv",
    ".git",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".schemathesis",
}

MODULE_LINES = 300
MEDIAN_LINES = 150
FUNCTION_LINES = 60
SCRIPT_LINES = 200  # of a JavaScript module

# A path or a package mirror of the machine on which somebody worked: never right anywhere else.
FOREIGN = [
    re.compile(r"(?<![\w.$}])/(?:work|root|Users)/[\w.]"),
    re.compile(r"(?<![\w.$}])/home/\w+/"),
    re.compile(r"(?<![\w.$}])/op[t]/wheels"),
    re.compile(r"index-url\s*[= ]\s*http|\"resolved\":\s*\"http|^registry\s*="),
]


def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    if listed.returncode == 0:
        files = [PROJECT / name for name in listed.stdout.decode().split("\0") if name]
    else:
        files = [
            file for file in PROJECT.rglob("*") if not GENERATED.intersection(file.relative_to(PROJECT).parts)
        ]
    return sorted(file for file in files if file.is_file())


def text_of(file: Path) -> str | None:
    """A file's text, or None where it is none."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def name_of(file: Path) -> str:
    """A file's name in the repository."""
    return file.relative_to(PROJECT).as_posix()


def foreign(text: str) -> list[str]:
    """The lines that name another machine."""
    return [line for line in text.splitlines() if any(pattern.search(line) for pattern in FOREIGN)]


def test_no_file_names_a_machine() -> None:
    """A clone works anywhere: no file holds a path or a package mirror of one machine."""
    found = {name_of(file): foreign(text) for file in tracked() if (text := text_of(file)) is not None}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "line",
    [
        "cd /" + "work/main",
        "/" + "root/.cache",
        "at /" + "home/sam/x",
        "--index-url" + " https://mirror.example/simple",
    ],
)
def test_a_machine_is_recognised(line: str) -> None:
    """The patterns find what they are for."""
    assert foreign(line) == [line]


@pytest.mark.parametrize(
    "line", ["/decks/d1/1-800.webp", "https://host/k7p4qx", "the /state resource", "$HOME/root/x"]
)
def test_an_address_of_the_protocol_is_no_machine(line: str) -> None:
    """The patterns let the project's own paths pass."""
    assert foreign(line) == []


def python_files(folder: str) -> list[Path]:
    """The Python modules of a part of the repository."""
    return [file for file in tracked() if file.suffix == ".py" and name_of(file).startswith(f"{folder}/")]


@pytest.mark.parametrize("folder", ["app", "scripts", "tests"])
def test_modules_are_small(folder: str) -> None:
    """A module fits in a head: none is over the limit."""
    lengths = {name_of(file): len(file.read_text().splitlines()) for file in python_files(folder)}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_the_median_module_is_small() -> None:
    """Half of the app's modules are well below the limit."""
    assert median(len(file.read_text().splitlines()) for file in python_files("app")) < MEDIAN_LINES


@pytest.mark.parametrize("folder", ["app", "scripts", "tests"])
def test_functions_are_small(folder: str) -> None:
    """A function fits on a screen."""
    long = {}
    for file in python_files(folder):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{name_of(file)}:{node.name}"] = lines
    assert long == {}


def test_every_module_states_its_rules() -> None:
    """A module with code opens with a docstring."""
    modules = {
        name_of(file): ast.parse(file.read_text())
        for folder in ("app", "scripts")
        for file in python_files(folder)
    }
    assert [name for name, tree in modules.items() if tree.body and not ast.get_docstring(tree)] == []


def test_scripts_of_pages_are_small() -> None:
    """A JavaScript module fits in a head too."""
    lengths = {
        name_of(file): len(file.read_text().splitlines()) for file in tracked() if file.suffix == ".js"
    }
    assert {name: lines for name, lines in lengths.items() if lines >= SCRIPT_LINES} == {}
