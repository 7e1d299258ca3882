"""HTTP: one resource a file, problems by RFC 9457, streams outside the per-request middleware.

Rules: a handler reads and checks everything before it changes anything; bodies are bounded while they
are read; what is refused says whose fault it is and where.
"""
