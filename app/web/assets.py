"""The pages and what they load, from memory.

Rules: read once at the start, compressed once; everything under `/static/<hash>/` carries the hash of the
whole tree and may be kept for a year, so a page and its modules always fit together; pages themselves
are checked again each time. Nothing is read from disk for a request, so no path can lead out of the tree.
A lesson that begins means forty files for each of thousands, so files are answered without Starlette.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.web.answers import NO_PAGE, SECURITY, has

_COMMENT = re.compile(rb"^[ \t]*//[^\n]*\n", re.MULTILINE)
PREFIX = "/static/"
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


_FILE_HEADERS = {
    fresh: [(b"cache-control", caching), (b"vary", b"accept-encoding"), *SECURITY, NO_PAGE]
    for fresh, caching in ((True, FOREVER.encode()), (False, b"no-cache"))
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

    def answer(
        self, *, fresh: bool, known: bool, squeezed: bool
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Status, headers and body for a file that is kept for a year where its address is `fresh`."""
        headers = [*_FILE_HEADERS[fresh], (b"etag", self.etag.encode())]
        if known:
            return 304, headers, b""
        body = self.data
        if squeezed and self.gzipped is not None:
            headers.append((b"content-encoding", b"gzip"))
            body = self.gzipped
        headers += [
            (b"content-type", self.media_type.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        return 200, headers, body


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
            # Comments are for those who read static/, not for a phone; whole lines only, which is safe.
            data = _COMMENT.sub(b"", data)
        squeezed = gzip.compress(data, 9, mtime=0) if path.suffix in COMPRESSIBLE else None
        etag = f'"{hashlib.blake2s(data, digest_size=8).hexdigest()}"'
        return Asset(data, squeezed, kind, etag)

    def page(self, request: Request, name: str, status: int = 200) -> Response:
        """An HTML page."""
        return self._files[f"{name}.html"].response(request, PAGE_HEADERS, status)

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> bool:
        """Answer `/static/{version}/{path}`; False, and nothing sent, where there is no such file.

        Another version's path gets today's file, to be asked for again.
        """
        version, _slash, path = scope["path"].removeprefix(PREFIX).partition("/")
        asset = self._files.get(path)
        if asset is None or path.endswith(".html"):
            return False
        asked = dict(scope["headers"])
        status, headers, body = asset.answer(
            fresh=version == self.version,
            known=asset.etag.encode() in asked.get(b"if-none-match", b""),
            squeezed=b"gzip" in asked.get(b"accept-encoding", b""),
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return True
