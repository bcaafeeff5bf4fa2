"""Tornado and Voilà: the HTTP API, the dashboard, and whose kernel is whose."""

import sys

from gifapp.web.api import api_routes

__all__ = ["api_routes"]

# jsonschema, which Jupyter needs, would load this to check IRIs, of which we have none: a third of our start
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
