"""A proxy in front of a server, from the text of docs/OPERATIONS.md, with addresses and a certificate of the test's own.

Rules: the text comes out of the document; what is replaced are addresses, exactly once each, and nothing that matters to a stream.
"""

import re
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import httpx

from scripts.lib.server import Server
from tests.support.eventually import eventually

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md"


def snippet(language: str) -> str:
    """The document's configuration of one proxy."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    text: str = found
    return text


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """With each pattern replaced, which stands there once."""
    for pattern, instead in changes:
        text, times = re.subn(pattern, instead, text)
        assert times == 1, pattern
    return text


def certificate(folder: Path) -> None:
    """A key and a certificate for this machine that nobody else trusts."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True, capture_output=True,
    )  # fmt: skip


@dataclass
class Front:
    """A proxy in front of a server."""

    url: str
    trust: ssl.SSLContext
    server: Server

    def client(self) -> httpx.AsyncClient:
        """A browser's way in."""
        return httpx.AsyncClient(base_url=self.url, verify=self.trust, trust_env=False, timeout=30.0)

    async def up(self) -> None:
        """Returns once the proxy hands requests on."""
        async with self.client() as client:

            async def ready() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, bool)
