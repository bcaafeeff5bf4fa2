"""The recipe: its fields, its presets, and the predicted outcome."""
