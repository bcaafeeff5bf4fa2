"""One reader per picture format."""
