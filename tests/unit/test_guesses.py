"""Guesses: who has how many, and who counts as one."""

import pytest
from starlette.requests import Request

from app.settings import Settings
from app.web.guesses import BURST, REFILL_S, REMEMBERED, TOGETHER, Guesses
from app.web.proofs import Asker, asker, network
from app.web.signing import LESSONS, Signer

SCHOOL = "192.0.2.1"


class Clock:
    """Seconds that pass when they are told to."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def wrong(guesses: Guesses, who: Asker, code: str) -> bool:
    """Whether a guess was left; it was a wrong one."""
    guess = guesses.begin(who, code)
    if guess is None:
        return False
    with guess:
        guess.wrong = True
    return True


def left(guesses: Guesses, who: Asker) -> int:
    """How many wrong codes in a row are looked up."""
    return next(number for number in range(10_000) if not wrong(guesses, who, str(number)))


def test_wrong_codes_are_bounded_and_come_back_slowly() -> None:
    """Right ones cost nothing."""
    clock = Clock()
    guesses, who = Guesses(clock), Asker(SCHOOL, None)
    for number in range(100):
        guess = guesses.begin(who, str(number))
        assert guess
        with guess:
            pass
    assert left(guesses, who) == BURST
    clock.now += 3 * REFILL_S
    assert left(guesses, who) == 3


def test_a_guess_that_found_no_answer_is_none() -> None:
    """The store was away."""
    guesses, who = Guesses(Clock()), Asker(SCHOOL, None)
    for _ in range(100):
        guess = guesses.begin(who, "code")
        assert guess
        with pytest.raises(TimeoutError), guess:
            raise TimeoutError
    assert left(guesses, who) == BURST


def test_guesses_under_way_are_taken() -> None:
    """Different codes are guesses each; one code that a whole class asks for is one."""
    guesses, who = Guesses(Clock()), Asker(SCHOOL, None)
    under_way = []
    for number in range(int(BURST)):
        guess = guesses.begin(who, str(number))
        assert guess
        under_way.append(guess.__enter__())
    assert guesses.begin(who, "another") is None
    same = guesses.begin(who, "0")
    assert same
    with same:
        same.wrong = True
    for guess in under_way:
        guess.wrong = True
        guess.__exit__(None, None, None)
    assert left(guesses, who) == 0


def test_each_voter_has_guesses_of_their_own() -> None:
    """And none uses up another's, or the address's."""
    guesses = Guesses(Clock())
    assert left(guesses, Asker(SCHOOL, "one")) == BURST
    assert left(guesses, Asker(SCHOOL, "another")) == BURST
    assert left(guesses, Asker(SCHOOL, None)) == BURST
    assert left(guesses, Asker("192.0.2.2", "one")) == 0


def test_cookies_for_the_asking_are_no_way_around() -> None:
    """A new voter for each guess: an address' voters have so many together, and the voters elsewhere theirs."""
    guesses = Guesses(Clock())
    asked = sum(wrong(guesses, Asker(SCHOOL, f"voter {number}"), str(number)) for number in range(2_000))
    assert asked == TOGETHER
    assert left(guesses, Asker("192.0.2.2", "somebody")) == BURST


def test_whoever_guessed_longest_ago_is_forgotten() -> None:
    """However many addresses guess."""
    guesses = Guesses(Clock())
    assert left(guesses, Asker(SCHOOL, None)) == BURST
    for number in range(REMEMBERED):
        wrong(guesses, Asker(f"2001:db8:0:{number:x}::/64", None), "x")
    assert left(guesses, Asker(SCHOOL, None)) == BURST


@pytest.mark.parametrize(
    ("told", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:555", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:555", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:555", "2001:db8:1:2::/64"),
        ('"[2001:db8:1:2::1]:555"', "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[fe80::1%25eth0]:1", "fe80::/64"),
        ("unknown", None),
        ("_hidden", None),
        ("", None),
        ("192.0.2.1:555:555", None),
        ("192.0.2.256", None),
        ("[", None),
        ("[]:1", None),
        ("1" * 5_000, None),
        ("\u0661.\u0661.\u0661.\u0661", None),
    ],
)
def test_an_address_is_read_in_every_spelling(told: str, counted: str | None) -> None:
    """An IPv6 one as its /64; what is none is none."""
    assert network(told) == counted


@pytest.mark.parametrize(
    ("forwarded", "counted"), [("198.51.100.9", "198.51.100.9"), ("garbage", SCHOOL), (None, SCHOOL)]
)
def test_what_is_no_address_counts_as_the_proxy(forwarded: str | None, counted: str) -> None:
    """So that no garbage is a guesser of its own."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    request = Request({"type": "http", "headers": headers, "client": (SCHOOL, 1)})
    assert asker(request, Signer(b"a secret of sixteen"), Settings(forwarded_hops=1)) == (counted, None)


def test_a_voters_cookie_remembers_the_last_lessons() -> None:
    """The voter stays the same; a cookie from before lessons stood in it is one without lessons."""
    signer = Signer(b"a secret of sixteen")
    voter, cookie = signer.new_voter()
    assert (signer.voter(cookie), signer.lessons(cookie)) == (voter, [])
    codes = [f"code{number}" for number in range(LESSONS + 5)]
    for code in [*codes, codes[-1]]:
        cookie = signer.given(cookie, code)
    assert (signer.voter(cookie), signer.lessons(cookie)) == (voter, codes[5:])
    assert len(cookie) < 400
    assert signer.lessons("made.up") == []
