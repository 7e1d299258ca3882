"""Lesson and deck codes: six characters of Crockford's base 32, lower case.

Rules: a code we make never holds i, l, o or u; a code people type may (Crockford reads i and l as 1,
o as 0), in any case, with spaces and hyphens. https://www.crockford.com/base32.html
"""

import re
import secrets
from collections.abc import Callable, Sequence

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 6
# Codes that would hide an address of the server itself behind a lesson.
RESERVED = frozenset({"readyz"})

FORM = f"[{ALPHABET}]{{{LENGTH}}}"
_CODE = re.compile(FORM)
_AS_TYPED = str.maketrans({"i": "1", "l": "1", "o": "0", " ": None, "-": None})


def new_code(choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """A code nobody can guess from another: 30 bits from `choose`."""
    while True:
        code = "".join(choose(ALPHABET) for _ in range(LENGTH))
        if code not in RESERVED:
            return code


def parse_code(typed: str) -> str | None:
    """The canonical code for what a person typed, or None where it cannot be one."""
    if len(typed) > 4 * LENGTH:
        return None
    code = typed.lower().translate(_AS_TYPED)
    return code if _CODE.fullmatch(code) else None
