"""Every script runs where there is a POSIX shell and says what it is for."""

import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = [file for file in sorted((PROJECT / "scripts").iterdir()) if file.is_file() and not file.suffix]
SHELL = [*SCRIPTS, PROJECT / ".ci" / "run", *sorted((PROJECT / "scripts" / "lib").glob("*.sh"))]

# What a newcomer's shell may not have.
BASHISMS = re.compile(r"\[\[|\bfunction \w+|<\(|\$'|\bsource \b|\blocal \b|\bdeclare \b|\w+=\(")


def name_of(file: Path) -> str:
    """A script's name in the repository."""
    return file.relative_to(PROJECT).as_posix()


def test_there_are_scripts() -> None:
    """The tables below are not empty."""
    assert {"serve", "test", "check", "demo"} <= {script.name for script in SCRIPTS}


@pytest.mark.parametrize("script", SHELL, ids=name_of)
def test_a_script_parses(script: Path) -> None:
    """`sh` reads it, and it uses nothing that only bash has."""
    assert subprocess.run(["sh", "-n", script], capture_output=True, text=True, check=False).stderr == ""
    assert BASHISMS.findall(script.read_text()) == []


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_script_can_be_run(script: Path) -> None:
    """It is executable, stops at the first failure, and its second line says what it does."""
    first, second, *rest = script.read_text().splitlines()
    assert script.stat().st_mode & 0o111 == 0o111
    assert first == "#!/bin/sh"
    assert second.startswith("# ")
    assert "set -eu" in rest


@pytest.mark.parametrize("script", SCRIPTS, ids=name_of)
def test_a_script_is_in_the_readme(script: Path) -> None:
    """scripts/README.md has a row for it."""
    assert re.search(
        rf"^\| `{script.name}` \|", (PROJECT / "scripts" / "README.md").read_text(), re.MULTILINE
    )
