"""Decks: a teacher's PDF becomes pages, in a process that may be killed.

Rules: nothing here knows Redis, Starlette or the feed; what a deck's progress becomes is the Sink's
business, and who draws which deck is settled through Claims (ports.py). A PDF is hostile until drawn: only
worker.py opens one, in a process with limits. Imports: the standard library, obstore, msgspec, app.core;
pypdfium2 and Pillow in worker.py and drawing.py alone, which the server's process never imports.
"""
