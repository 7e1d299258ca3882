"""`python -m app`: start the embedded store where none is named, serve, say where.

Rules: a setting that cannot be used ends it with one sentence and exit code 2; the link is printed when
the socket is bound.
"""

import os
import sys
from contextlib import nullcontext

from app import logs, serve
from app.embedded import EmbeddedValkey
from app.settings import BadSetting, Settings


def main() -> None:
    """Run the server."""
    if sys.argv[1:]:
        sys.exit("lectern: there are no arguments; settings are environment variables (docs/OPERATIONS.md)")
    try:
        settings = Settings.from_environ(os.environ)
        logs.configure(settings.log_level)
        store = nullcontext() if settings.redis_url else EmbeddedValkey(settings.var_dir)
        with store as embedded:
            if embedded is not None:
                os.environ["REDIS_URL"] = embedded.url
            serve.run(settings, on_bound=_say, on_stop=embedded.stopping if embedded else lambda: None)
    except BadSetting as fault:
        logs.refuse(str(fault))


def _say(url: str) -> None:
    print(f"Lectern is at {url}  (Ctrl+C stops it)", flush=True)


if __name__ == "__main__":
    main()
