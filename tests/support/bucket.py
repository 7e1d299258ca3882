"""A bucket: as much of S3's HTTP interface as a client of objects needs, on a loopback port.

Rules: it refuses what is not signed by the key it was given (the signature itself is not computed), keeps everything in
memory, and supports uploads in parts, because that is how large objects arrive.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID = "AKIDEXAMPLE"


class Bucket(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Nothing: tests read the objects, not a log."""

    def _begin(self) -> tuple[str, dict[str, list[str]], bytes]:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return unquote(parts.path).lstrip("/"), parse_qs(parts.query, keep_blank_values=True), body

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        if f"Credential={KEY_ID}/" not in self.headers.get("Authorization", ""):
            status, body = 403, b"<Error><Code>AccessDenied</Code></Error>"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        key, query, body = self._begin()
        if "uploadId" in query:
            self.server.parts[query["uploadId"][0]][int(query["partNumber"][0])] = body
        else:
            self.server.objects[key] = body
        self._answer(200, ETag='"e"')

    def do_POST(self) -> None:
        key, query, body = self._begin()
        if "uploads" in query:
            upload = f"upload-{len(self.server.parts)}"
            self.server.parts[upload] = {}
            root = "InitiateMultipartUploadResult"
            self._answer(200, f"<{root}><UploadId>{upload}</UploadId></{root}>".encode())
        elif "uploadId" in query:
            parts = self.server.parts.pop(query["uploadId"][0])
            self.server.objects[key] = b"".join(part for _, part in sorted(parts.items()))
            root = "CompleteMultipartUploadResult"
            self._answer(200, f"<{root}><ETag>e</ETag></{root}>".encode())
        else:  # DeleteObjects
            names = [part.split(b"</Key>")[0].decode() for part in body.split(b"<Key>")[1:]]
            for name in names:
                self.server.objects.pop(f"{key.rstrip('/')}/{name}", None)
            deleted = "".join(f"<Deleted><Key>{escape(name)}</Key></Deleted>" for name in names)
            self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def do_GET(self) -> None:
        key, query, _ = self._begin()
        if "list-type" in query:
            self._list(key.rstrip("/"), query.get("prefix", [""])[0])
        elif key in self.server.objects:
            self._answer(
                200, self.server.objects[key], ETag='"e"', Last_Modified="Tue, 24 Nov 2026 08:00:00 GMT"
            )
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _list(self, bucket: str, prefix: str) -> None:
        found = [
            key.removeprefix(f"{bucket}/")
            for key in self.server.objects
            if key.startswith(f"{bucket}/{prefix}")
        ]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>1</Size><ETag>e</ETag>"
            "<LastModified>2026-11-24T08:00:00.000Z</LastModified></Contents>"
            for key in found
        )
        self._answer(200, f"<ListBucketResult>{contents}</ListBucketResult>".encode())


@contextmanager
def bucket() -> Iterator[Bucket]:
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
