"""Renders the notebooks of pages; their templates are compiled once, not for every page."""

from __future__ import annotations

from typing import Any

import jinja2
from jinja2.bccache import Bucket
from voila.exporter import VoilaExporter


class _CompiledTemplates(jinja2.BytecodeCache):
    """Caches compiled templates in memory; Jinja recompiles a template whose source has changed."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


class PageExporter(VoilaExporter):
    """Voilà's exporter; every page has its own, and compiling the templates takes a quarter of a second."""

    @property
    def environment(self) -> Any:
        environment = super().environment
        environment.bytecode_cache = _COMPILED
        return environment
