"""Settings: what is read from the environment, and how one that cannot be used is refused."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.settings import BadSetting, Settings

PROJECT = Path(__file__).resolve().parents[2]


def test_none_is_required() -> None:
    """An empty environment gives the defaults, and an empty value counts as none."""
    names = [setting.name.upper() for setting in fields(Settings)]
    assert Settings.from_environ({}) == Settings()
    assert Settings.from_environ(dict.fromkeys(names, "")) == Settings()


def test_other_variables_are_left_alone() -> None:
    """Only settings are read, in upper case."""
    assert Settings.from_environ({"HOME": "/h", "port": "1", "Port": "2"}) == Settings()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("PORT", "0", 0),
        ("WEB_CONCURRENCY", "4", 4),
        ("REDIS_VERIFY_TLS", "0", False),
        ("REDIS_VERIFY_TLS", "Yes", True),
        ("VAR_DIR", "/srv/lectern", Path("/srv/lectern")),
        ("PUBLIC_URL", "https://lectern.example/", "https://lectern.example"),
        ("DECKS_URL", "/srv/decks", "/srv/decks"),
        ("DECKS_URL", "s3://bucket/decks", "s3://bucket/decks"),
        ("DRAIN_S", "0", 0.0),
        ("LOG_LEVEL", "debug", "debug"),
    ],
)
def test_a_setting_is_read(name: str, text: str, value: object) -> None:
    """A value becomes what its field is."""
    assert getattr(Settings.from_environ({name: text}), name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "http"),
        ("PORT", "65536"),
        ("PORT", "-1"),
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "2.5"),
        ("REDIS_VERIFY_TLS", "maybe"),
        ("FORWARDED_HOPS", "-1"),
        ("RETENTION_DAYS", "0"),
        ("MAX_STREAMS", "0"),
        ("DRAIN_S", "23"),
        ("DRAIN_S", "-1"),
        ("DRAIN_S", "nan"),
        ("LOG_LEVEL", "loud"),
        ("PUBLIC_URL", "lectern.example"),
        ("REDIS_URL", "localhost:6379"),
        ("DECKS_URL", "ftp://decks.example"),
        ("SECRET", "too-short"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(name: str, text: str) -> None:
    """The start ends with a sentence that names the setting."""
    with pytest.raises(BadSetting, match=name):
        Settings.from_environ({name: text})


def test_secrets_are_not_printed() -> None:
    """A settings object in a log or a traceback shows no secret."""
    shown = repr(Settings.from_environ({"CREATE_KEY": "hush-create", "SECRET": "hush-secret-0123456789"}))
    assert "hush" not in shown


def test_settings_named_in_the_repository_exist() -> None:
    """What the README, the Procfile and the other documents set is read by the server."""
    names = {setting.name.upper() for setting in fields(Settings)}
    for file in [PROJECT / "README.md", PROJECT / "Procfile", *(PROJECT / "docs").rglob("*.md")]:
        named = set(re.findall(r"(?<![\w$.])([A-Z]+(?:_[A-Z]+)+)=", file.read_text(encoding="utf-8")))
        assert named <= names, f"{file.name}: {named - names}"
