"""The JSON shapes that the API, the events and the client share."""
