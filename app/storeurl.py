"""REDIS_URL, read as strictly as it is used: what redis-py would pass over, or fail at in the middle of a start, is refused.

Rules: pure; a sentence never repeats the address, which may have a password in it, but for the word that is wrong.
"""

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

KINDS = ("redis://", "rediss://", "unix://")
LATER = {
    "redis+sentinel": "Sentinel is not supported yet: name the Redis or Valkey itself",
    "rediss+sentinel": "Sentinel is not supported yet: name the Redis or Valkey itself",
    "redis+cluster": "clusters are not supported yet: name one Redis or Valkey",
    "rediss+cluster": "clusters are not supported yet: name one Redis or Valkey",
}
# Options that say which store it is. Those that say how long to wait, and for how many, are not for the address to set.
OPTIONS: Mapping[str, frozenset[str]] = {
    "unix": frozenset({"db", "username", "password", "client_name"}),
    "redis": frozenset({"db", "username", "password", "client_name"}),
    "rediss": frozenset(
        {"db", "username", "password", "client_name", "ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile"}
        | {"ssl_keyfile", "ssl_check_hostname"}
    ),
}
CERT_REQS = ("none", "optional", "required")
BOOLEANS = ("0", "F", "FALSE", "N", "NO", "1", "T", "TRUE", "Y", "YES")


def fault(url: str) -> str:
    """What is wrong with the address, as the end of a sentence that begins with REDIS_URL; empty where nothing is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "must have a number from 1 to 65535 after the host's colon, and an IPv6 address in brackets"
    if parts.scheme in LATER:
        return f"begins with {parts.scheme}://: {LATER[parts.scheme]}"
    if not url.startswith(KINDS):
        return f"must start with one of {', '.join(KINDS)}"
    return (_socket(parts) if parts.scheme == "unix" else _host(parts, port)) or _options(parts)


def _socket(parts: SplitResult) -> str:
    if not parts.path.strip("/") or parts.hostname:
        return "must name the socket by its whole path, unix:///run/redis.sock"
    return ""


def _host(parts: SplitResult, port: int | None) -> str:
    if not parts.hostname:
        return "names no host"
    if port == 0:
        return "must have a number from 1 to 65535 after the host's colon"
    return _database(unquote(parts.path).strip("/"))


def _database(text: str) -> str:
    return f"must end in the number of a database, not in {text!r}" if text and not _number(text) else ""


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _options(parts: SplitResult) -> str:
    if parts.fragment:
        return "has a '#' in it: in a password it is written %23"
    for name, values in parse_qs(parts.query, keep_blank_values=True).items():
        value, known = values[0], OPTIONS[parts.scheme]
        if name not in known:
            return f"has an option {name!r}; it may have {', '.join(sorted(known))}"
        if name == "db" and not _number(value):
            return f"must have a number for db, not {value!r}"
        if name == "ssl_cert_reqs" and value.lower() not in CERT_REQS:
            return f"must have one of {', '.join(CERT_REQS)} for ssl_cert_reqs, not {value!r}"
        if name == "ssl_check_hostname" and value.upper() not in BOOLEANS:
            return f"must have true or false for ssl_check_hostname, not {value!r}"
    return ""
