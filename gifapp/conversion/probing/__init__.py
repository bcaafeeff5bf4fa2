"""Inspects a file and decides whether it can be converted."""
