"""Backs up all data to a single file, and restores it."""
