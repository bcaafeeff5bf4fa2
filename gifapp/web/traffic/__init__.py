"""Keeps one client from taking the place, the time or the memory of others."""
