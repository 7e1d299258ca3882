"""The store's contract: what workers tell each other."""

from app.store.contract import Store
from tests.support.stores import NOW, Opener


async def test_viewers_are_summed_over_workers(store: Store, code: str) -> None:
    """By lesson; what a worker says replaces what it said before."""
    one, two = f"{code}-one", f"{code}-two"

    async def census(worker: str, counts: dict[str, int]) -> dict[str, int]:
        total = await store.census(worker, counts, NOW)
        return {lesson: number for lesson, number in total.items() if lesson.startswith(code)}

    assert await census(one, {f"{code}-x": 3, f"{code}-y": 1}) == {f"{code}-x": 3, f"{code}-y": 1}
    assert await census(two, {f"{code}-x": 4}) == {f"{code}-x": 7, f"{code}-y": 1}
    assert await census(one, {f"{code}-x": 1}) == {f"{code}-x": 5}
    assert await census(one, {}) == {f"{code}-x": 4}


async def test_a_worker_that_has_died_is_forgotten(open_store: Opener, code: str) -> None:
    """Its viewers are not counted once it has been silent for a while."""
    store = open_store()
    await store.census(f"{code}-dead", {code: 3}, NOW)
    if open_store.server is not None:
        with open_store.server.client() as client:
            name = f"lectern:census:{code}-dead"
            assert 0 < client.pttl(name) <= 5_000
            client.pexpire(name, 1)  # that time has passed
    total = await store.census(f"{code}-alive", {}, NOW + 5_000)
    while open_store.server is not None and code in total:
        total = await store.census(f"{code}-alive", {}, NOW + 5_000)
    assert code not in total


async def test_all_workers_share_a_secret(open_store: Opener) -> None:
    """Made once, long enough not to be guessed."""
    store = open_store()
    secret = await store.secret()
    assert len(secret) >= 32
    assert await store.secret() == secret
    if open_store.server is not None:
        assert await open_store().secret() == secret
