"""The Chromium that tests and screenshots drive.

Rules: a browser of the system's is found by name and used as it is; Playwright's own is the last resort. No call to
any service of the browser's maker: what a page requests is what the page asked for.
"""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--no-sandbox",  # root in a container has none to give; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",  # /dev/shm is 64 MiB in many containers
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
)


def chromium_path() -> str | None:
    """The browser's path, or None where only Playwright's own can be tried."""
    if named := os.environ.get("CHROMIUM"):
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)
