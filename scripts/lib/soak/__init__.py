"""scripts/soak: lessons that go on and on, people who come and go, and whether the server is afterwards what it was before.

Rules: everything goes over the wire protocol, to a real server with its own store. What is judged is sampled from outside
the process (memory, descriptors) and from its metrics (streams, lessons, tasks).
"""
