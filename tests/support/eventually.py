"""Waiting for what happens elsewhere: asked again until it holds, with a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS = 15.0
PAUSE = 0.03


async def eventually(
    ask: Callable[[], Awaitable[T]], holds: Callable[[T], bool], seconds: float = SECONDS
) -> T:
    """The first answer that holds; AssertionError with the last answer when the time is up."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = await ask()
        if holds(answer):
            return answer
        assert asyncio.get_running_loop().time() < deadline, f"still {answer!r} after {seconds:g} s"
        await asyncio.sleep(PAUSE)
