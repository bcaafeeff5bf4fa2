"""Frames in the order that the recipe asks for, with words on them."""
