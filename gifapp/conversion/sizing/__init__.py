"""Estimates a GIF's size, and makes it fit a limit."""
