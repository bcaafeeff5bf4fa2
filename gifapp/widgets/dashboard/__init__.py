"""The dashboard, on which users make GIFs."""
