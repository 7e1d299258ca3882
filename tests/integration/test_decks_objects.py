"""One suite for both kinds of object store: a folder, and a bucket behind S3's interface."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.decks.objects import Objects, ObjectsUnavailable, open_store
from tests.support.bucket import KEY_ID, Bucket, bucket

KEY = "decks/d7f3k2/1-800.webp"


@dataclass
class Place:
    """A store, and what a look from outside finds in it."""

    objects: Objects
    bucket: Bucket | None
    folder: Path

    def kept(self) -> dict[str, bytes]:
        if self.bucket:
            return {key.removeprefix("lessons/spring/"): data for key, data in self.bucket.objects.items()}
        files = [file for file in self.folder.rglob("*") if file.is_file()]
        return {file.relative_to(self.folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, credentials: None) -> Iterator[Place]:
    if request.param == "folder":
        yield Place(open_store(str(tmp_path)), None, tmp_path)
        return
    with bucket() as server:
        setting = f"s3://lessons/spring?endpoint={server.endpoint}&region=eu-west-1"
        yield Place(open_store(setting), server, tmp_path)


async def test_what_was_put_can_be_had(place: Place) -> None:
    """Under the key it was put, below the place that the setting names."""
    await place.objects.put(KEY, b"page")
    assert await place.objects.get(KEY) == b"page"
    assert await place.objects.exists(KEY)
    assert place.kept() == {KEY: b"page"}


async def test_a_put_replaces(place: Place) -> None:
    """A deck that is drawn again writes its pages again."""
    await place.objects.put(KEY, b"a longer page")
    await place.objects.put(KEY, b"page")
    assert await place.objects.get(KEY) == b"page"


async def test_what_is_not_there_is_none(place: Place) -> None:
    """Absence is an answer, not an error."""
    assert await place.objects.get(KEY) is None
    assert not await place.objects.exists(KEY)
    await place.objects.delete(KEY)
    with tempfile.TemporaryFile() as file:
        assert not await place.objects.fetch(KEY, file)


async def test_a_large_file_goes_in_and_comes_out_as_it_was(place: Place) -> None:
    """A PDF is put and fetched as a file; beyond 5 MiB it travels in parts."""
    data = os.urandom(12 * 1024 * 1024)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        await place.objects.put("decks/d7f3k2/source.pdf", file)
    assert place.kept() == {"decks/d7f3k2/source.pdf": data}
    with tempfile.TemporaryFile() as copy:
        assert await place.objects.fetch("decks/d7f3k2/source.pdf", copy)
        copy.seek(0)
        assert copy.read() == data


async def test_clearing_a_folder_leaves_the_others(place: Place) -> None:
    """A deck's name may start like another's."""
    for key in ("decks/d7f3k2/1.txt", "decks/d7f3k2/1-800.webp", "decks/d7f3k3/1.txt"):
        await place.objects.put(key, b"x")
    await place.objects.clear("decks/d7f3k2")
    assert set(place.kept()) == {"decks/d7f3k3/1.txt"}


async def test_trouble_of_the_store_is_an_error(tmp_path: Path) -> None:
    """And is not taken for absence."""
    objects = open_store(str(tmp_path))
    (tmp_path / "decks").write_text("in the way")
    with pytest.raises(Exception, match="directory"):
        await objects.put(KEY, b"page")


async def test_wrong_credentials_are_an_error(credentials: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that a page does not exist when the bucket is closed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "SOMEBODYELSE")
    with bucket() as server, pytest.raises(ObjectsUnavailable, match="PermissionDenied"):
        await open_store(f"s3://lessons?endpoint={server.endpoint}").get(KEY)


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
async def test_the_environment_may_name_the_endpoint(
    variable: str, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As every tool of AWS has it."""
    with bucket() as server:
        monkeypatch.setenv(variable, server.endpoint)
        await open_store("s3://lessons").put(KEY, b"page")
        assert server.objects == {f"lessons/{KEY}": b"page"}


@pytest.mark.parametrize(
    ("setting", "folder"),
    [("{}/new/decks", "new/decks"), ("file://{}/a%20b", "a b"), ("file://localhost{}/c", "c")],
)
async def test_a_folder_is_made_where_the_setting_says(setting: str, folder: str, tmp_path: Path) -> None:
    """Whether there was one or not."""
    await open_store(setting.format(tmp_path)).put("x", b"1")
    assert (tmp_path / folder / "x").read_bytes() == b"1"


async def test_a_relative_folder_is_below_where_the_server_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays there, wherever the process goes afterwards."""
    monkeypatch.chdir(tmp_path)
    objects = open_store("var/decks")
    monkeypatch.chdir("/")
    await objects.put("x", b"1")
    assert (tmp_path / "var/decks/x").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("", "expected a folder"),
        ("ftp://host/decks", "expected a folder"),
        ("file://decks", "three slashes"),
        ("s3:///decks", "needs a bucket"),
        ("s3://key:secret@bucket/decks", "needs a bucket"),
        ("s3://bucket/decks?secret_access_key=x", "unknown option secret_access_key"),
    ],
)
def test_a_setting_that_names_no_place_is_refused(setting: str, complaint: str) -> None:
    """At the start, in words, and without repeating a secret."""
    with pytest.raises(ValueError, match=complaint) as caught:
        open_store(setting)
    assert "key:secret" not in str(caught.value)
