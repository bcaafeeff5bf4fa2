"""Reads, typesets, draws and composites captions, subtitles and overlays."""
