"""Where lessons are kept: the contract (`contract.py`), Redis (`redis.py`), and in memory (`memory.py`).

Rules: a write is one call that is atomic for all its registers; every accepted write of a lesson is one
entry of its feed, numbered without gaps, so that a reader can tell when it has missed one; a lesson's
keys live and die together. Both stores pass one suite, `tests/contract/test_store.py`.
"""
