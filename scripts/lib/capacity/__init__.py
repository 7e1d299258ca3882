"""scripts/capacity: what the worst minute of a site needs, and what breaks first.

Rules: the constants come from a bench file, none is typed in here but what is said so; the model is pure arithmetic; its
predictions are held against measured runs that its constants were not taken from (`check`).
"""
