"""EventStream, wake-ups and counters, over Redis."""
