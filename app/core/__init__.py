"""The pure core: no I/O, no event loop, no clock. Time and randomness are arguments.

Rules: the standard library alone; every rule of the wire protocol that does not need a network lives
here, once; the Lua scripts in `app/store/lua` say the same thing again where atomicity demands it, and
one contract suite holds the two together.
"""
