"""The web server on Tornado and Voilà: the HTTP API, the dashboard and its kernels."""

import sys

from gifapp.web.api import api_routes

__all__ = ["api_routes"]

# jsonschema, which Jupyter needs, imports this to check IRIs; we have none, and it is a third of startup
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
