"""gifapp turns videos into small, good-looking GIFs.

`gifapp.convert("clip.mp4")` needs no server; `gifapp.Client` and `gifapp.Dashboard` use one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gifapp import errors
    from gifapp.client import AsyncClient, Client
    from gifapp.conversion.pipeline import GifReport, convert
    from gifapp.conversion.review.options import options
    from gifapp.conversion.review.sheet import show
    from gifapp.domain.recipes.recipe import (
        Caption,
        ChromaKey,
        Crop,
        FrameEdit,
        Look,
        Overlay,
        Recipe,
        Segment,
    )
    from gifapp.notebook.animating import animate
    from gifapp.notebook.recording import record
    from gifapp.notebook.sweeping import sweep
    from gifapp.widgets.dashboard.dashboard import Dashboard
    from gifapp.widgets.login import Login
    from gifapp.widgets.operations.operations import Operations

__version__ = "0.1.0"

# imported on first use: the command line should not load Jupyter, nor a notebook the servers
_HOMES = {
    "AsyncClient": "gifapp.client",
    "Caption": "gifapp.domain.recipes.recipe",
    "ChromaKey": "gifapp.domain.recipes.recipe",
    "Client": "gifapp.client",
    "Crop": "gifapp.domain.recipes.recipe",
    "Dashboard": "gifapp.widgets.dashboard.dashboard",
    "FrameEdit": "gifapp.domain.recipes.recipe",
    "GifReport": "gifapp.conversion.pipeline",
    "Login": "gifapp.widgets.login",
    "Look": "gifapp.domain.recipes.recipe",
    "Operations": "gifapp.widgets.operations.operations",
    "Overlay": "gifapp.domain.recipes.recipe",
    "Recipe": "gifapp.domain.recipes.recipe",
    "Segment": "gifapp.domain.recipes.recipe",
    "animate": "gifapp.notebook.animating",
    "convert": "gifapp.conversion.pipeline",
    "load_ipython_extension": "gifapp.notebook.magic",
    "options": "gifapp.conversion.review.options",
    "record": "gifapp.notebook.recording",
    "show": "gifapp.conversion.review.sheet",
    "sweep": "gifapp.notebook.sweeping",
}
__all__ = [
    "AsyncClient",
    "Caption",
    "ChromaKey",
    "Client",
    "Crop",
    "Dashboard",
    "FrameEdit",
    "GifReport",
    "Login",
    "Look",
    "Operations",
    "Overlay",
    "Recipe",
    "Segment",
    "__version__",
    "animate",
    "convert",
    "errors",
    "options",
    "record",
    "show",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("gifapp.errors")
    if name not in _HOMES:
        raise AttributeError(f"module 'gifapp' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
