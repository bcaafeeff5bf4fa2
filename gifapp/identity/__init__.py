"""Users, passwords, tokens and rate limits."""
