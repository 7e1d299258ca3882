"""The pages and what they load, from memory.

Rules: read once at the start, compressed once; everything under `/static/<hash>/` carries the hash of the
whole tree and may be kept for a year, so a page and its modules always fit together; pages themselves
are checked again each time. What is sent compressed to some has a weak tag, since its bytes differ for the same
tag (RFC 9110, section 8.8.1). Nothing is read from disk for a request, so no path can lead out of the tree.
A lesson that begins means each of these files for each of thousands: the script and the style sheet of a
page come joined with all they import (`joined.py`), and files are answered without Starlette.
"""

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.web import joined
from app.web.answers import NO_PAGE, SECURITY, has

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
    """The tree of `static/`. Raises OSError where it cannot be read, ValueError where a page's files do not join."""

    def __init__(self, folder: Path) -> None:
        tree = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        digest = hashlib.blake2s(digest_size=6)
        for name, data in tree.items():
            digest.update(name.encode() + b"\0" + data + b"\0")
        self.version = digest.hexdigest()
        self._files = {name: self._asset(name, data) for name, data in self._as_served(tree)}

    def _as_served(self, tree: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
        """Pages with the address of their files, a page's script and style sheets joined, the rest as it is."""
        texts = {name: data.decode() for name, data in tree.items() if name.endswith((".js", ".css"))}
        for name, data in tree.items():
            if name.endswith(".html"):
                yield name, data.replace(b"{{static}}", f"/static/{self.version}".encode())
            elif name.endswith(".css"):
                yield name, joined.styles(texts, name).encode()
            elif name.endswith(".js"):
                page = name.removeprefix("js/").removesuffix(".js") + ".html" in tree
                yield name, (joined.script(texts, name) if page else texts[name]).encode()
            else:
                yield name, data

    def _asset(self, name: str, data: bytes) -> Asset:
        suffix = Path(name).suffix
        kind = "text/javascript" if suffix == ".js" else mimetypes.guess_type(name)[0]
        squeezed = gzip.compress(data, 9, mtime=0) if suffix in COMPRESSIBLE else None
        etag = f'"{hashlib.blake2s(data, digest_size=8).hexdigest()}"'
        return Asset(data, squeezed, kind or "application/octet-stream", f"W/{etag}" if squeezed else etag)

    def page(self, request: Request, name: str, status: int = 200) -> Response:
        """An HTML page."""
        return self._files[f"{name}.html"].response(request, PAGE_HEADERS, status)

    def template(self, name: str) -> str:
        """An HTML page with places to be filled in."""
        return self._files[f"{name}.html"].data.decode()

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
            known=asset.etag.removeprefix("W/").encode() in asked.get(b"if-none-match", b""),
            squeezed=b"gzip" in asked.get(b"accept-encoding", b""),
        )
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return True
