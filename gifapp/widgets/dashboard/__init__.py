"""The page on which people make GIFs."""
