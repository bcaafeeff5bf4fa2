"""Tornado and Voilà: the HTTP API, the dashboard, and whose kernel is whose."""

from gifapp.web.api import api_routes

__all__ = ["api_routes"]
