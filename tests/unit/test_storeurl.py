"""REDIS_URL: what is accepted, and the sentence that tells what is wrong with the rest."""

import pytest

from app.settings import BadSetting, Settings

SECRET = "hush"


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://localhost/",
        "redis://127.0.0.1:6379/0",
        "redis://[::1]:6379/15",
        "redis://user:hush@store.example:6380?db=3&client_name=lectern",
        "redis://:p%23%2Fss@store.example",
        "rediss://:hush@store.example:6380/1?ssl_cert_reqs=none",
        "rediss://store.example?ssl_ca_certs=/etc/ca.pem&ssl_check_hostname=false",
        "unix:///run/redis.sock",
        "unix://user:hush@/run/redis.sock?db=1",
    ],
)
def test_an_address_of_a_store(url: str) -> None:
    """Whatever names one store."""
    assert Settings.from_environ({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:6379", "must start with"),
        ("http://:hush@store.example", "must start with"),
        ("redis:localhost", "must start with"),
        ("redis://:hush@store.example:abc", "1 to 65535"),
        ("redis://:hush@store.example:65536", "1 to 65535"),
        ("redis://:hush@store.example:0", "1 to 65535"),
        ("redis://:hush@[::1", "brackets"),
        ("redis://:hush@/0", "no host"),
        ("redis://", "no host"),
        ("redis://:hush@store.example/first", "'first'"),
        ("redis://:hush@store.example/0/1", "'0/1'"),
        ("redis://:hush@store.example/-1", "'-1'"),
        ("redis://:hush@store.example?db=one", "'one'"),
        ("redis://:hush@store.example?bd=1", "'bd'"),
        ("redis://:hush@store.example?socket_timeout=60", "'socket_timeout'"),
        ("redis://:hush@store.example?ssl_cert_reqs=none", "'ssl_cert_reqs'"),
        ("rediss://:hush@store.example?ssl_cert_reqs=never", "'never'"),
        ("rediss://:hush@store.example?ssl_check_hostname=maybe", "'maybe'"),
        ("redis://:hu#sh@store.example", "1 to 65535"),
        ("redis://:hush@store.example/0#1", "%23"),
        ("unix://", "whole path"),
        ("unix://run/redis.sock", "whole path"),
        ("redis+sentinel://:hush@store.example:26379/main/0", "not supported yet"),
        ("redis+cluster://:hush@store.example:6379", "not supported yet"),
    ],
)
def test_an_address_of_none(url: str, says: str) -> None:
    """One sentence about the setting, without the password that may be in it."""
    with pytest.raises(BadSetting, match=r"^REDIS_URL ") as refusal:
        Settings.from_environ({"REDIS_URL": url})
    assert says in str(refusal.value)
    assert SECRET not in str(refusal.value)
