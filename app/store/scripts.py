"""The scripts of the store, in `lua/`: which files make which.

Rules: what a lesson may hold is written into a script, not sent with each call: an argument costs a call as much as
half a command of the store. A script defines what its calls need and no more, for a definition is paid for each time.
"""

from importlib.resources import files

from app.store.contract import POLL_ROOM, Limits

_APPLY = ("registers", "below", "clears")  # what every script that changes registers begins with

SCRIPTS = {
    "write": (*_APPLY, "migrate", "tally", "polls", "pages", "write"),
    "write_plain": (*_APPLY, "plain", "write"),
    "append": (*_APPLY, "pages", "append"),
    "load": ("registers", "load"),
    "vote": (*_APPLY, "tally", "vote"),
    "publish": (*_APPLY, "tally", "polls", "publish"),
}


def source(script: str, limits: Limits) -> str:
    """The text of a script."""
    bounds = {
        "REGISTERS_MAX": limits.registers,
        "BYTES_MAX": limits.value_bytes,
        "POLLS_MAX": limits.polls,
        "POLLS_ROOM": limits.polls * POLL_ROOM,
        "PAGES_MAX": limits.pages,
        "FEED_MAX": limits.feed,
        "RETENTION_S": limits.retention_s,
    }
    parts = [(files("app.store") / "lua" / f"{name}.lua").read_text() for name in SCRIPTS[script]]
    if script.startswith("write"):
        parts.insert(0, f"local {', '.join(bounds)} = {', '.join(map(str, bounds.values()))}")
    return "\n".join(parts)


def is_plain(key: str) -> bool:
    """Whether the plain script can write the register: neither a poll nor the order of pages."""
    return key != "pages" and not key.startswith("poll/")
