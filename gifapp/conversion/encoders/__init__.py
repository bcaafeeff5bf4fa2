"""Encodes every format but GIF with ffmpeg."""
