"""The account of scripts/chaos: it says what is wrong, or the rounds would prove nothing."""

import pytest

from scripts.lib.chaos.account import Account, Votes


def test_the_highest_stamp_stays() -> None:
    """Compared by number, number and text, in whatever order it was acknowledged."""
    account = Account()
    for stamp in ("9.0.b", "10.0.a", "9.2.b", "9.10.a"):
        account.wrote("slide", stamp, stamp)
    assert account.expected() == {"slide": "10.0.a"}
    assert account.writes == 4


def test_deletions_and_clears_leave_nothing() -> None:
    """A clear takes what is below it and older, also when that is acknowledged later; what is newer stays."""
    account = Account()
    account.wrote("timer", 1, "5.0.a")
    account.wrote("timer", None, "6.0.a")
    account.wrote("ink/p/", None, "7.0.a")
    account.wrote("ink/p/s/0", 1, "6.0.a")
    account.wrote("ink/p/t", 2, "8.0.a")
    account.wrote("ink/q/t", 3, "1.0.a")
    assert account.expected() == {"ink/p/t": 2, "ink/q/t": 3}


def test_what_is_live_only_is_not_expected() -> None:
    """The pointer is kept for nobody."""
    account = Account()
    account.wrote("pointer", {"x": 1}, "1.0.a")
    assert account.expected() == {}


@pytest.mark.parametrize(
    ("counts", "voters", "right"),
    [
        ([1, 1, 0], 2, True),
        ([1, 0, 0], 1, False),  # an acknowledged vote is missing
        ([1, 1, 1], 3, False),  # one was counted that nobody has sent
        ([0, 2, 0], 2, False),  # one was counted as another
        ([1, 1, 0], 3, False),  # voters and votes differ
    ],
)
def test_votes_that_were_acknowledged(counts: list[int], voters: int, *, right: bool) -> None:
    """Are counted, each once, for what was chosen last."""
    votes = Votes({1: 0, 2: 1})
    assert (votes.wrong(counts, voters) is None) == right


@pytest.mark.parametrize(
    ("counts", "voters", "right"), [([1, 0, 0], 1, True), ([1, 0, 1], 2, True), ([0, 0, 1], 1, False)]
)
def test_a_vote_that_nobody_answered(counts: list[int], voters: int, *, right: bool) -> None:
    """May count or not; another's may not."""
    account = Account()
    account.voted("q", 1, 0)
    account.unknown("q", 2, 2)
    assert (account.polls["q"].wrong(counts, voters) is None) == right
    account.voted("q", 2, 2)
    assert account.polls["q"].wrong([1, 0, 0], 1) is not None
