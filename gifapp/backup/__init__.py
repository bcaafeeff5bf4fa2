"""All that people have made, in one file, and back again."""
