"""The event stream, wake-ups and counters, over Redis."""
