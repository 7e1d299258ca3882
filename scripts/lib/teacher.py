"""A teacher over the wire protocol: makes a lesson, writes its registers, adds decks.

Rules: speaks HTTP and nothing of the server's inside. Answers other than success raise httpx.HTTPStatusError, with the
problem's text. Stamps are left to the server unless a test gives its own.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx

Write = tuple[str, Any] | tuple[str, Any, str]


@dataclass(frozen=True, slots=True)
class Teacher:
    """The holder of one lesson's key."""

    http: httpx.AsyncClient
    lesson: str
    key: str
    join_url: str
    teach_url: str

    @classmethod
    async def start(
        cls, http: httpx.AsyncClient, title: str = "A lesson", *, create_key: str | None = None
    ) -> "Teacher":
        """Makes a lesson."""
        headers = {"Authorization": f"Bearer {create_key}"} if create_key else {}
        made = _success(await http.post("/api/lessons", json={"title": title}, headers=headers)).json()
        return cls(http, made["lesson"], made["teacher_key"], made["join_url"], made["teach_url"])

    @property
    def path(self) -> str:
        """Where the lesson's resources are."""
        return f"/api/lessons/{self.lesson}"

    @property
    def auth(self) -> dict[str, str]:
        """The header that shows the key."""
        return {"Authorization": f"Bearer {self.key}"}

    async def write(self, *writes: Write) -> dict[str, Any]:
        """Writes registers in one request: (key, value) or (key, value, stamp)."""
        body = {"writes": [dict(zip(("key", "value", "stamp"), write, strict=False)) for write in writes]}
        answer = _success(await self.http.post(f"{self.path}/state", json=body, headers=self.auth))
        accepted: dict[str, Any] = answer.json()
        return accepted

    async def state(self) -> dict[str, Any]:
        """The lesson as its teacher sees it: cursor and writes."""
        answer = await self.http.get(f"{self.path}/state", params={"as": "teacher"}, headers=self.auth)
        snapshot: dict[str, Any] = _success(answer).json()
        return snapshot

    async def registers(self) -> dict[str, Any]:
        """The lesson as its teacher sees it, by key."""
        return dict((await self.state())["writes"])

    async def upload(self, pdf: bytes, name: str = "slides.pdf") -> str:
        """Adds a deck and returns its id, while it is still being rendered."""
        headers = self.auth | {"Content-Type": "application/pdf"}
        answer = await self.http.post(
            f"{self.path}/decks", params={"name": name}, content=pdf, headers=headers
        )
        deck: str = _success(answer).json()["deck"]
        return deck

    async def rendered(self, deck: str, *, seconds: float = 60.0) -> dict[str, Any]:
        """Waits until a deck is ready or has failed, and returns its register."""
        async with asyncio.timeout(seconds):
            while True:
                register: dict[str, Any] = (await self.registers()).get(f"deck/{deck}", {})
                if register.get("status") in {"ready", "failed"}:
                    return register
                await asyncio.sleep(0.05)

    async def end(self) -> None:
        """Ends the lesson."""
        _success(await self.http.post(f"{self.path}/end", headers=self.auth))


def _success(answer: httpx.Response) -> httpx.Response:
    if answer.is_success:
        return answer
    raise httpx.HTTPStatusError(
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}",
        request=answer.request,
        response=answer,
    )
