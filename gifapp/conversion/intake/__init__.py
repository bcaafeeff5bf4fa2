"""Turns Python objects (frames, bytes, clips, animations) into a file to convert."""
