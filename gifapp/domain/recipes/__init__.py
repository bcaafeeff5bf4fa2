"""The recipe: its fields, its presets, and what it makes of a source."""
