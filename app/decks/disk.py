"""The disk's reserve: what decks leave free, so that the embedded store beside them can go on writing.

Rules: asked before anything is written, and answered from the file system each time: others write there too. A place that
cannot be asked (a bucket, a folder that is not there yet) has room.
"""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


class Disk:
    """The file systems on which decks and the lessons lie."""

    def __init__(
        self, folders: Sequence[Path] = (), reserve: int = 0, free: Callable[[Path], int] = free_bytes
    ) -> None:
        self._folders = folders
        self._reserve = reserve
        self._free = free

    def has_room(self, more: int = 0) -> bool:
        """Whether the reserve is left after writing so many bytes."""
        return all(self._left(folder) - more >= self._reserve for folder in self._folders)

    def _left(self, folder: Path) -> float:
        try:
            return self._free(folder)
        except OSError:
            return float("inf")
