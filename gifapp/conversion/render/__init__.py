"""Renders the frames in playing order, with text and overlays."""
