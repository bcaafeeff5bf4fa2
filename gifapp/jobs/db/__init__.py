"""Documents in MongoDB: their shape, their indexes, and every query."""
