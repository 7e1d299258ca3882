"""Text out of a hostile file, made safe to store, log and show: pure.

Rules: line breaks are \n; no other control character, no lone surrogate, no unassigned code point and no
bidirectional override survives (the last could make a name read as another); length is bounded first, so
that a huge text costs no more than its bound.
"""

import unicodedata

_DROPPED = frozenset({"Cc", "Cs", "Cn", "Co"})
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _kept(character: str) -> bool:
    return character == "\n" or (character not in _BIDI and unicodedata.category(character) not in _DROPPED)


def clean(text: str, limit: int) -> str:
    """A page's text: lines kept, trailing blanks of the whole dropped."""
    bounded = text[: 2 * limit].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(filter(_kept, bounded))[:limit].strip()


def clean_name(name: str, limit: int) -> str:
    """A deck's name: one line, never empty."""
    return " ".join(clean(name, 4 * limit).split())[:limit].strip() or "Slides"
