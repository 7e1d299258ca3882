"""Registers that the server keeps for itself and tells nobody of: what a lesson is, and which keys open it."""

import json
from collections.abc import Iterable
from typing import NamedTuple

from app.core.lesson import NULL, Register


class About(NamedTuple):
    """The `lesson` register."""

    title: str
    created: int  # ms
    status: str  # live | ended


NO_LESSON = About("", 0, "ended")


def about(register: Register | None) -> About:
    """Of a lesson's register; where there is none, of a lesson that is over."""
    return About(**json.loads(register.raw)) if register else NO_LESSON


def keyring(registers: Iterable[Register]) -> set[str]:
    """The `keyring/<id>` of every key that opens the lesson."""
    return {each.key for each in registers if each.key.startswith("keyring/") and each.raw != NULL}
