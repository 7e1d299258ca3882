"""A store that answers and cannot be used: nothing is served half, and whoever deploys is told why in a sentence.

Threats: a cluster, over which writes succeed and no viewer hears of them; a wrong password that looks like an outage; a supervisor
that starts workers for ever which end at once.
"""

import socketserver
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from scripts.lib.server import Server, free_port
from tests.support.eventually import eventually
from tests.support.redis_server import RedisServer, valkey_binary

ENDS_S = 20.0
PASSWORD = "hush-the-store-s-password"

Url = Callable[[RedisServer], str]


@contextmanager
def running(folder: Path, **options: str) -> Iterator[RedisServer]:
    """A store with other options."""
    store = RedisServer(
        valkey_binary(), folder, {name.replace("_", "-"): text for name, text in options.items()}
    )
    try:
        yield store.start()
    finally:
        store.kill()


def refusal(folder: Path, url: str, workers: int, **env: str) -> str:
    """What a server that does not start says; it has ended by itself, with exit code 2 and no traceback."""
    server = Server(folder, workers=workers, redis_url=url, env=env)
    try:
        server.start(ready=False)
        assert server.wait(ENDS_S) == 2, server.log
    finally:
        server.kill()
    assert "Traceback" not in server.log
    assert "fault=" not in server.log
    assert PASSWORD not in server.log
    says = {line for line in server.log.splitlines() if line.startswith("lectern: ")}
    assert len(says) == 1, server.log
    return says.pop()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[RedisServer]:
    """A cluster of one node that serves every slot."""
    with running(tmp_path / "cluster", cluster_enabled="yes", cluster_port=str(free_port())) as store:
        with store.client() as admin:
            admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        yield store


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("secret", ["", "a-secret-of-our-own"])
async def test_a_cluster_is_refused(tmp_path: Path, cluster: RedisServer, workers: int, secret: str) -> None:
    """At the start, by all workers, also where no secret has to be asked for; the supervisor does not try again."""

    async def state() -> str:
        with cluster.client() as admin:
            return str(admin.execute_command("CLUSTER", "INFO"))

    await eventually(state, lambda info: "cluster_state:ok" in info or "'cluster_state': 'ok'" in info)
    assert "cluster" in refusal(tmp_path / "server", cluster.url, workers, SECRET=secret)
    with cluster.client() as admin:
        assert admin.execute_command("DBSIZE") == 0


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("url", "says"),
    [
        (lambda store: store.url, "user and password"),
        (lambda store: store.url.replace("//", "//:wrong@"), "user and password"),
        (lambda store: store.url.replace("//", f"//nobody:{PASSWORD}@"), "user and password"),
        (lambda store: store.url.replace("//", f"//:{PASSWORD}@").replace("/0", "/99"), "no database"),
    ],
    ids=["no password", "a wrong one", "an unknown user", "no such database"],
)
def test_a_store_that_does_not_let_us_in(tmp_path: Path, workers: int, url: Url, says: str) -> None:
    """It is told apart from one that is away, which is waited for."""
    with running(tmp_path / "store") as store:
        with store.client() as admin:
            admin.config_set("requirepass", PASSWORD)
        assert says in refusal(tmp_path / "server", url(store), workers)


class Handshake(socketserver.BaseRequestHandler):
    """One end of a TLS connection, which says nothing after it."""

    def handle(self) -> None:
        with suppress(OSError), self.server.tls.wrap_socket(self.request, server_side=True) as peer:  # type: ignore[attr-defined]
            peer.recv(1)


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[int]:
    """The port of a server with a certificate of its own making."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*asked, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handshake) as server:
        server.daemon_threads = True
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # type: ignore[attr-defined]
        server.tls.load_cert_chain(certificate, key)  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path, self_signed: int) -> None:
    """The sentence names the setting that accepts it."""
    assert "REDIS_VERIFY_TLS=0" in refusal(tmp_path / "server", f"rediss://localhost:{self_signed}/0", 1)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("url", ["redis://localhost:abc", "redis+sentinel://localhost:26379/main/0"])
def test_an_address_that_cannot_be_read(tmp_path: Path, url: str, workers: int) -> None:
    """Nothing is started for it."""
    assert "REDIS_URL" in refusal(tmp_path, url, workers)


pytestmark = pytest.mark.timeout(90)
