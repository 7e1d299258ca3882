"""Signed cookies: what a browser shows us again, and cannot make up.

Rules: one secret for all workers; each use has a salt of its own, so that one cookie can never serve as
another; a signature that does not fit is no cookie.
"""

import secrets

from itsdangerous import BadSignature, URLSafeSerializer


class Signer:
    """Signs with HMAC. `secret`: at least 16 bytes that no client knows."""

    def __init__(self, secret: bytes) -> None:
        self._voter = URLSafeSerializer(secret, salt="voter")
        self._teacher = URLSafeSerializer(secret, salt="teacher")

    def new_voter(self) -> tuple[str, str]:
        """A new voter's id, and the cookie that proves it."""
        voter = secrets.token_urlsafe(12)
        return voter, self._voter.dumps(voter)

    def voter(self, cookie: str) -> str | None:
        """The voter's id in a cookie that we signed."""
        return _loads(self._voter, cookie)

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
