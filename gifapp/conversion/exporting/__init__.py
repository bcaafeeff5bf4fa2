"""Exports the frames of a clip as pictures."""
