"""`python -m app`: start the embedded store where none is named, serve, say where.

Rules: a setting that cannot be used ends it with one sentence and exit code 2; the link is printed when
the socket is bound; a signal to stop is obeyed in order from the first line on.
"""

import signal

if __name__ == "__main__":
    # Until there is something to stop in order, Ctrl+C just ends it: not with a traceback out of an import.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import os
import sys
from contextlib import nullcontext
from dataclasses import replace

from app import logs, serve
from app.embedded import EmbeddedValkey
from app.secrecy import forget, undumpable
from app.settings import BadSetting, Settings
from app.terminal import signals_to_stop


def main() -> None:
    """Run the server."""
    if sys.argv[1:]:
        sys.exit("lectern: there are no arguments; settings are environment variables (docs/OPERATIONS.md)")
    try:
        settings = Settings.from_environ(os.environ)
        forget(os.environ)
        if not settings.dumpable:
            undumpable()
        logs.configure(settings.log_level)
        store = nullcontext() if settings.redis_url else EmbeddedValkey(settings.var_dir)
        early = signals_to_stop()
        with store as embedded:
            if embedded is not None:
                settings = replace(settings, redis_url=embedded.url)
            if not early:
                on_stop = embedded.stopping if embedded else lambda: None
                serve.run(settings, early=early, on_bound=_say, on_stop=on_stop)
    except BadSetting as fault:
        logs.refuse(str(fault))


def _say(url: str) -> None:
    print(f"Lectern is at {url}  (Ctrl+C stops it)", flush=True)


if __name__ == "__main__":
    main()
