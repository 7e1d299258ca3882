"""The pages and what they load, from memory.

Rules: read once at the start, compressed once; everything under `/static/<hash>/` carries the hash of the
whole tree and may be kept for a year, so a page and its modules always fit together; pages themselves
are checked again each time. Nothing is read from disk for a request, so no path can lead out of the tree.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from app.web.answers import has

FOREVER = "public, max-age=31536000, immutable"
COMPRESSIBLE = frozenset({".html", ".css", ".js", ".svg", ".json", ".webmanifest", ".txt"})
_DIRECTIVES = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
POLICY = "; ".join(_DIRECTIVES)
PAGE_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), screen-wake-lock=(self), fullscreen=(self)",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    data: bytes
    gzipped: bytes | None
    media_type: str
    etag: str

    def response(self, request: Request, headers: dict[str, str], status: int = 200) -> Response:
        """The asset, or 304, compressed where the client takes that."""
        headers = {**headers, "etag": self.etag, "vary": "accept-encoding"}
        if status == 200 and has(request, self.etag):
            return Response(status_code=304, headers=headers)
        data = self.data
        if self.gzipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            data = self.gzipped
        return Response(data, status, headers, media_type=self.media_type)


class Assets:
    """The tree of `static/`. Raises OSError where it cannot be read."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        digest = hashlib.blake2s(digest_size=6)
        for path in files:
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
        self.version = digest.hexdigest()
        self._files = {str(path.relative_to(folder)): self._read(path) for path in files}

    def _read(self, path: Path) -> Asset:
        data = path.read_bytes()
        if path.suffix == ".html":
            data = data.replace(b"{{static}}", f"/static/{self.version}".encode())
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        if path.suffix == ".js":
            kind = "text/javascript"
        squeezed = gzip.compress(data, 9, mtime=0) if path.suffix in COMPRESSIBLE else None
        etag = f'"{hashlib.blake2s(data, digest_size=8).hexdigest()}"'
        return Asset(data, squeezed, kind, etag)

    def page(self, request: Request, name: str, status: int = 200) -> Response:
        """An HTML page."""
        return self._files[f"{name}.html"].response(request, PAGE_HEADERS, status)

    def file(self, request: Request, version: str, path: str) -> Response | None:
        """A file of the tree, or None. Another version's path gets today's file, to be asked for again."""
        asset = self._files.get(path)
        if asset is None or path.endswith(".html"):
            return None
        caching = FOREVER if version == self.version else "no-cache"
        return asset.response(request, {"cache-control": caching})
