"""The web tier: Tornado and Voilà in one server."""
