"""Lectern: teacher-led lessons broadcast over Server-Sent Events."""
