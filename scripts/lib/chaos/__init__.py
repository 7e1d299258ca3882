"""scripts/chaos: rounds of random faults against a lesson under way, and an account of it that is not the server's.

Rules: the seed says which faults come, in which order, for how long; the machine says what else happens, so a seed that has found
something is run again, and not relied upon. A fault ends before its round is judged. What is judged: within a bounded time every viewer
and every worker says what the account says; every write that was acknowledged is there, or was beaten by a higher stamp; every vote
that was acknowledged is in its tally and in the results; nobody is silent; no client has seen a 500; no worker has ended but those
that the round has ended. Losing the store's data is no fault of these rounds: it is tested where it can be accounted for.
"""
