"""What is measured: Lectern, and those it is measured against.

Rules: all of them are told the same data at the same times by the same client, and watched by the same gallery. The
contract is `Peer`; a peer that is not installed says how to install it, and is never left out silently.
"""
