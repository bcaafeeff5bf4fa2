"""The dashboard, on which people make GIFs."""
