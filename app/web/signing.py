"""Signed cookies: what a browser shows us again, and cannot make up.

Rules: one secret for all workers; each use has a salt of its own, so that one cookie can never serve as
another; a signature that does not fit is no cookie.
"""

import secrets

from itsdangerous import BadSignature, URLSafeSerializer

LESSONS = 20  # in a voter's cookie: a term's lessons of a day, in 300 bytes


class Signer:
    """Signs with HMAC. `secret`: at least 16 bytes that no client knows."""

    def __init__(self, secret: bytes) -> None:
        self.use(secret)

    def use(self, secret: bytes) -> None:
        """Sign with this secret from now on: the store has it. Cookies of the former one are cookies no more."""
        self.secret = secret
        self._voter = URLSafeSerializer(secret, salt="voter")
        self._teacher = URLSafeSerializer(secret, salt="teacher")

    def new_voter(self, lesson: str = "") -> tuple[str, str]:
        """A new voter's id, and the cookie that proves it; `lesson`: and that this lesson's page was given."""
        voter = secrets.token_urlsafe(12)
        return voter, self._voter.dumps(f"{voter}/{lesson}" if lesson else voter)

    def voter(self, cookie: str) -> str | None:
        """The voter's id in a cookie that we signed."""
        value = _loads(self._voter, cookie)
        return value.partition("/")[0] if value else None

    def lessons(self, cookie: str) -> list[str]:
        """The lessons whose pages the voter was given, of a cookie that we signed."""
        return [code for code in (_loads(self._voter, cookie) or "").partition("/")[2].split(",") if code]

    def given(self, cookie: str, lesson: str) -> str:
        """The same voter's cookie, with one more lesson; the last `LESSONS` stay."""
        lessons = [*(code for code in self.lessons(cookie) if code != lesson), lesson][-LESSONS:]
        return self._voter.dumps(f"{self.voter(cookie)}/{','.join(lessons)}")

    def teacher(self, lesson: str, key_id: str) -> str:
        """A session for the lesson under one of its keys."""
        return self._teacher.dumps(f"{lesson}/{key_id}")

    def teacher_key(self, lesson: str, cookie: str) -> str | None:
        """The id of the key that the session was opened with."""
        session = _loads(self._teacher, cookie)
        of_lesson, _, key_id = (session or "").partition("/")
        return key_id if of_lesson == lesson and key_id else None


def _loads(serializer: URLSafeSerializer, cookie: str) -> str | None:
    try:
        value = serializer.loads(cookie)
    except BadSignature:
        return None
    return value if isinstance(value, str) else None
