"""Accounts and authentication: passwords, sessions, tokens, links and rate limits."""
