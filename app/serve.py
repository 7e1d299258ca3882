"""Serving: uvicorn's configuration, and the one or many processes it runs in.

Rules: one worker runs in this process; more run under uvicorn's supervisor, which starts a dead one
again, and at SIGHUP replaces them one by one, for which SIGTERM does not wait. How streams end at SIGTERM
is `app/web/handover.py`. Ctrl+C does not wait for it: streams are dropped, requests have a second to be
answered, and what is left after it is left without a word. A terminal sends it to all processes, `kill` to one;
both are the same, as often as it is pressed and however early. An orderly stop is exit code 0; a setting, or a
store, that cannot be used is 2, after one sentence, and nothing is tried again.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from app.server import Server
from app.settings import Settings
from app.supervisor import REFUSED, Supervisor

BACKLOG = 4096  # everyone opens the page at once
GRACE_S = 4  # after the drain, for requests under way; with the longest drain the process is gone before 28 s
KEEP_ALIVE_S = 65  # longer than the routers in front keep theirs


@dataclass(frozen=True, slots=True)
class _App:
    """What a worker makes of the settings, which come to it by pickle: an environment can be read from outside."""

    settings: Settings

    def __call__(self) -> ASGIApp:
        # The supervisor has no use for all that this imports.
        from app.main import create_app  # noqa: PLC0415

        return create_app(self.settings)


def config(settings: Settings) -> uvicorn.Config:
    """uvicorn's configuration; forwarded headers are read by `app.web.origin`, not by uvicorn."""
    return uvicorn.Config(
        _App(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        loop="uvloop",
        http="app.web.handover:LecternProtocol",
        ws="none",
        lifespan="on",
        backlog=BACKLOG,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.drain_s) + GRACE_S,
    )


def run(
    settings: Settings,
    *,
    early: Sequence[int],
    on_bound: Callable[[str], None],
    on_stop: Callable[[], None],
) -> None:
    """Serve until told to stop. `early` holds signals that came before; `on_bound` gets the address, `on_stop` is
    called when nothing serves any more."""
    asked = config(settings)
    listener = asked.bind_socket()
    listener.listen(BACKLOG)  # from here on a click on the link waits for the server, and is not refused
    host, port = listener.getsockname()[:2]
    on_bound(settings.public_url or f"http://{f'[{host}]' if ':' in host else host}:{port}/")
    try:
        if settings.web_concurrency == 1:
            Server(asked, early).run([listener])
        else:
            supervisor = Supervisor(asked, [listener], early)
            supervisor.run()
            if supervisor.refused:
                sys.exit(REFUSED)
    finally:
        on_stop()
