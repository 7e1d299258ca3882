"""Pages whose modules form a chain name all of them at once: a slow network then waits for one round, not for six."""

from pathlib import Path

import pytest

from tests.support.pages import PLACE, STATIC, imported, markup


def closure(module: Path) -> set[Path]:
    """A module and all that it imports."""
    found: set[Path] = set()
    waiting = [module]
    while waiting:
        file = waiting.pop().resolve()
        if file not in found:
            found.add(file)
            waiting += [file.parent / name for name in imported(file)]
    return found


@pytest.mark.parametrize("name", ["student", "screen"])
def test_a_page_preloads_its_modules(name: str) -> None:
    """Each of them once, and nothing else: what is named and not used is fetched for nothing."""
    loads = markup(STATIC / f"{name}.html").loads
    named = [STATIC / path.removeprefix(f"{PLACE}/") for path in loads if path.endswith(".js")]
    assert sorted(named) == sorted(closure(STATIC / "js" / f"{name}.js"))
