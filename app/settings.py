"""Settings: read once from the environment, checked, and passed on by hand.

Rules: a setting that cannot be used stops the start with a sentence that says what is wrong; every
setting stands in docs/OPERATIONS.md, and a test holds the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app import storeurl

DRAIN_MAX_S = 22  # with 4 s for requests under way, before platforms kill a process, 30 s after SIGTERM
SECRET_CHARS = 16  # fewer could be tried out
LEVELS = ("debug", "info", "warning", "error")


class BadSetting(Exception):
    """A setting that cannot be used; the message is for the person who deploys."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment's variables, in upper case, by field."""

    host: str = "127.0.0.1"  # HOST: the address to listen on; 0.0.0.0 for all
    port: int = 8000  # PORT
    web_concurrency: int = 1  # WEB_CONCURRENCY: worker processes
    redis_url: str = field(default="", repr=False)  # REDIS_URL: none starts the embedded Valkey
    redis_verify_tls: bool = True  # REDIS_VERIFY_TLS: 0 accepts a self-signed certificate
    var_dir: Path = Path("var")  # VAR_DIR: the embedded store's files, and decks by default
    decks_url: str = ""  # DECKS_URL: a folder or s3://bucket/prefix; none: decks in VAR_DIR
    disk_reserve_mib: int = 256  # DISK_RESERVE_MIB: what decks leave free of the disk
    public_url: str = ""  # PUBLIC_URL: https://host, where it cannot be told from requests
    forwarded_hops: int = 0  # FORWARDED_HOPS: proxies in front that append to X-Forwarded-*
    create_key: str = field(default="", repr=False)  # CREATE_KEY: needed to create lessons, where set
    secret: str = field(default="", repr=False)  # SECRET: signs cookies; none: kept in the store
    retention_days: int = 30  # RETENTION_DAYS: after its last change a lesson is removed
    max_streams: int = 20_000  # MAX_STREAMS: a worker's open streams; one more is told to come back later
    drain_s: float = 20.0  # DRAIN_S: over how many seconds streams are closed at SIGTERM
    log_level: str = "info"  # LOG_LEVEL
    dumpable: bool = False  # DUMPABLE: 1 lets a debugger or profiler of the same user look into the server

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings in `environ`. Raises BadSetting."""
        given = {
            each.name: environ[each.name.upper()] for each in fields(cls) if environ.get(each.name.upper())
        }
        read = {name: _read(cls, name, text) for name, text in given.items()}
        return cls(**read)  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        rules = (
            (0 <= self.port <= 65_535, "PORT must be 0 to 65535"),
            (self.web_concurrency >= 1, "WEB_CONCURRENCY must be at least 1"),
            (not (wrong := self.redis_url and storeurl.fault(self.redis_url)), f"REDIS_URL {wrong}"),
            (
                "://" not in self.decks_url or _is(self.decks_url, "s3://", "file://"),
                "DECKS_URL must be a folder, or start with s3:// or file://",
            ),
            (_is(self.public_url, "http://", "https://"), "PUBLIC_URL must start with http:// or https://"),
            (self.disk_reserve_mib >= 0, "DISK_RESERVE_MIB must be 0 or more"),
            (self.forwarded_hops >= 0, "FORWARDED_HOPS must be 0 or more"),
            (
                len(self.secret) not in range(1, SECRET_CHARS),
                f"SECRET must have {SECRET_CHARS} characters or more",
            ),
            (self.retention_days >= 1, "RETENTION_DAYS must be at least 1"),
            (self.max_streams >= 1, "MAX_STREAMS must be at least 1"),
            (
                0 <= self.drain_s <= DRAIN_MAX_S,
                f"DRAIN_S must be 0 to {DRAIN_MAX_S}: it must end before it is killed",
            ),
            (self.log_level in LEVELS, f"LOG_LEVEL must be one of {', '.join(LEVELS)}"),
        )
        for holds, rule in rules:
            if not holds:
                raise BadSetting(rule)

    @property
    def decks_folder(self) -> list[Path]:
        """The folder where decks are kept; none where that is a bucket."""
        if self.decks.startswith("s3://"):
            return []
        return [
            Path(unquote(urlsplit(self.decks).path)) if self.decks.startswith("file://") else Path(self.decks)
        ]

    @property
    def decks(self) -> str:
        """Where decks are kept."""
        return self.decks_url or str((self.var_dir / "decks").absolute())


def _is(text: str, *starts: str) -> bool:
    """Whether a setting is none, or begins as it must."""
    return not text or text.startswith(starts)


def _read(cls: type[Settings], name: str, text: str) -> object:
    kind = {each.name: each.type for each in fields(cls)}[name]
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.lower()
            ]
        return text.rstrip("/") if name == "public_url" else kind(text)  # type: ignore[operator]
    except (KeyError, ValueError):
        raise BadSetting(f"{name.upper()}={text!r} is not of the kind it must be") from None
