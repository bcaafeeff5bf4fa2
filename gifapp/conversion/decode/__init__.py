"""Decodes a source with ffmpeg into upright frames at their timestamps."""
