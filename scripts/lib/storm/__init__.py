"""scripts/storm: a hall of httpx students at the worst moments of a lesson, and whether all of them came through.

Rules: a student does what a browser does (page, assets, stream, pictures, votes, drops and resumes) over HTTP alone. Chance
is seeded. What is checked at the end is not sampled: every register of every student, and every acknowledged vote.
"""
