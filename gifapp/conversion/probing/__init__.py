"""What a file holds, and whether it can be converted."""
