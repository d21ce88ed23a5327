"""Lyrics, sounds and tracks as plain values: no I/O, no framework."""
