"""Converts a video with a recipe into a GIF. Knows nothing about jobs."""
