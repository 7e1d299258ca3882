"""The scenarios: each one stretch of a lesson's life, in a module that says what is measured.

Rules: a scenario takes a cell and gives a run; it starts everything itself, so that no run inherits another's state.
"""
