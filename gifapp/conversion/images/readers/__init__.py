"""One reader for each format of pictures."""
