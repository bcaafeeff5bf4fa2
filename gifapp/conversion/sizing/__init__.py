"""How large a GIF will be, and how to make it fit a size."""
