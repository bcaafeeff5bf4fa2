"""The HTTP layer that all handlers share: limits, authentication, parsing, errors, documentation."""
