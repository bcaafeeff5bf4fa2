"""Recovers lost jobs, and removes orphaned and expired data."""
