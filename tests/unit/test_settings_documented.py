"""docs/OPERATIONS.md and app/settings.py say the same."""

import re
from dataclasses import fields
from pathlib import Path

from app.settings import Settings

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"

ROW = re.compile(r"^\| `([A-Z_]+)` \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def documented() -> dict[str, str]:
    """Each setting of the table, with its default as documented."""
    return {name: default.strip().strip("`") for name, default, _ in ROW.findall(OPERATIONS.read_text())}


def test_every_setting_is_documented() -> None:
    """The table has the settings that the server reads, in its order, and no other."""
    assert list(documented()) == [setting.name.upper() for setting in fields(Settings)]


def test_defaults_are_documented() -> None:
    """A default in the table is the server's; where it is none or is told in words, the server's is empty."""
    defaults = Settings()
    for name, told in documented().items():
        default = getattr(defaults, name.lower())
        if isinstance(default, bool):
            assert told == ("1" if default else "0"), name
        elif default == "":
            assert " " in told or told == "none", name
        else:
            assert told == f"{default:g}" if isinstance(default, float) else told == str(default), name


def test_every_setting_mentioned_exists() -> None:
    """No text of the operations guide sets what the server does not read."""
    mentioned = set(re.findall(r"`([A-Z][A-Z_]{3,})(?:=[^`]*)?`", OPERATIONS.read_text()))
    assert mentioned - {setting.name.upper() for setting in fields(Settings)} == set()
