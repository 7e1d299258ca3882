"""The faults of processes and lines. Each begins, lasts and is over when it returns; what it did is what it says.

Rules: chance comes from the stage alone, so that a seed gives the same faults. Whoever comes after a fault finds the store reachable.
"""

from collections.abc import Awaitable, Callable

from scripts.lib.chaos.stage import Stage, pause
from tests.support.proxy import HOLD, PASS, SWALLOW

Fault = Callable[[Stage], Awaitable[None]]

SLOW = 0.15  # of the viewers


async def kill_worker(stage: Stage) -> None:
    """kill -9 of a worker: its place is taken."""
    stage.kill_worker()
    await stage.whole()


async def kill_workers(stage: Stage) -> None:
    """One after the other, the second while the first is being replaced."""
    stage.kill_worker()
    await pause(stage.chance.uniform(0.0, 1.0))
    stage.kill_worker()
    await stage.replaced()


async def kill_store(stage: Stage) -> None:
    """kill -9 of the store, and it comes back with its files."""
    stage.store.kill()
    await pause(stage.chance.uniform(0.2, 3.0))
    stage.store.start()


async def kill_store_again(stage: Stage) -> None:
    """Twice in a row: it is killed again while everybody comes back."""
    for _ in range(2):
        stage.store.kill()
        await pause(stage.chance.uniform(0.1, 0.6))
        stage.store.start()
        await pause(stage.chance.uniform(0.0, 1.0))


async def freeze_store(stage: Stage) -> None:
    """SIGSTOP: connections stay, nobody answers."""
    stage.store.freeze()
    await pause(stage.chance.uniform(0.5, 6.0))
    stage.store.thaw()


async def pause_clients(stage: Stage) -> None:
    """CLIENT PAUSE, as operators do before a fail-over."""
    seconds = stage.chance.uniform(0.5, 4.0)
    with stage.store.client() as client:
        client.client_pause(int(seconds * 1000))
    await pause(seconds)


async def cut_store(stage: Stage) -> None:
    """Every connection to the store is reset, a few times."""
    for _ in range(stage.chance.randrange(1, 6)):
        stage.line.cut()
        await pause(stage.chance.uniform(0.0, 0.8))


async def store_resets(stage: Stage) -> None:
    """The store's address accepts and then resets: a balancer whose backend is down."""
    stage.line.refusing = True
    stage.line.cut()
    await pause(stage.chance.uniform(0.5, 6.0))
    stage.pass_all()


async def short_lives(stage: Stage) -> None:
    """Each new connection to the store is reset after a moment."""
    stage.line.lives_s = 0.3
    stage.line.cut()
    await pause(stage.chance.uniform(1.0, 4.0))
    stage.pass_all()


async def store_is_far(stage: Stage) -> None:
    """Answers are held, and delivered when the line passes again."""
    stage.line.set(HOLD)
    await pause(stage.chance.uniform(0.3, 3.0))
    stage.line.set(PASS)


async def deaf_reader(stage: Stage) -> None:
    """Readers' connections stay open and are silent for ever."""
    stage.line.silence(marked=True)
    await pause(stage.chance.uniform(1.0, 4.0))


async def mute_connections(stage: Stage) -> None:
    """Every connection that is open now is silent for ever; new ones pass."""
    stage.line.set(SWALLOW)
    stage.line.set(PASS)
    await pause(stage.chance.uniform(0.5, 2.0))


async def rolling_restart(stage: Stage) -> None:
    """A deploy."""
    stage.restart()
    await stage.replaced()


async def restart_without_a_store(stage: Stage) -> None:
    """A worker is killed while the store is away: the one that takes its place has to wait."""
    stage.store.kill()
    stage.kill_worker()
    await pause(stage.chance.uniform(1.0, 4.0))
    stage.store.start()
    await stage.whole()


async def slow_viewers(stage: Stage) -> None:
    """Some stop reading, and read on before or after they are given up."""
    members = stage.there.members
    slow = stage.chance.sample(list(members), max(1, int(SLOW * len(members))))
    for viewer in slow:
        viewer.stop_reading()
    await pause(stage.chance.choice((2.0, 8.0, 35.0)))
    for viewer in slow:
        viewer.read_on()


async def viewers_leave(stage: Stage) -> None:
    """A school's line breaks: half of them lose their connection at once."""
    members = list(stage.there.members)
    for viewer in stage.chance.sample(members, len(members) // 2):
        viewer.close()
    await pause(stage.chance.uniform(0.0, 1.0))


FAULTS: tuple[Fault, ...] = (
    kill_worker, kill_workers, kill_store, kill_store_again, freeze_store, pause_clients, cut_store, store_resets,
    short_lives, store_is_far, deaf_reader, mute_connections, rolling_restart, restart_without_a_store,
    slow_viewers, viewers_leave,
)  # fmt: skip
