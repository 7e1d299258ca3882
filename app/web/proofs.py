"""What a request shows of itself before its lesson is known: keys and cookies, and whom its failures count against.

Rules: nothing here looks a lesson up. What we have signed for a lesson's code (a session, a voter who was given the
lesson's page) proves that this browser has been in it, so looking it up tells it nothing new.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple

from starlette.requests import Request

from app.settings import Settings
from app.web.origin import address
from app.web.signing import Signer

SESSION = "teacher_"  # followed by the lesson's code
VOTER = "voter"


class Asker(NamedTuple):
    """Who asks, as far as it matters for counting: an address, and a voter where a cookie of ours says which."""

    address: str
    voter: str | None


def bearer(request: Request) -> str | None:
    """The token of the Authorization header."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def digest(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def keyring(of_digest: str) -> str:
    """The register that recognises a key."""
    return f"keyring/{of_digest[:16]}"


def has_been_in(request: Request, signer: Signer, code: str) -> bool:
    """Whether a cookie that we signed says that this browser has been let into the lesson."""
    session, voter = request.cookies.get(SESSION + code), request.cookies.get(VOTER)
    return bool(session and signer.teacher_key(code, session)) or bool(
        voter and code in signer.lessons(voter)
    )


def asker(request: Request, signer: Signer, settings: Settings) -> Asker:
    """Whom a wrong code counts against."""
    cookie = request.cookies.get(VOTER)
    client = request.client.host if request.client else ""
    counted = network(address(request, settings)) or network(client) or client
    return Asker(counted, signer.voter(cookie) if cookie else None)


def network(told: str) -> str | None:
    """The address, or the network of an IPv6 one that is one customer's (a /64, of which any member has 2**64); None: no address.

    Proxies write ports (`192.0.2.1:555`, `[2001:db8::1]:555`) and zones; an IPv4 address may come in an IPv6 one's clothes.
    """
    host = told.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        return str(mapped) if mapped else str(IPv6Network((int(found), 64), strict=False))
    return str(found)
