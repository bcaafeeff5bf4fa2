"""Reads still and animated pictures the way browsers show them."""
