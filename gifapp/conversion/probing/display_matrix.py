"""Reads a decoded picture's display matrix, which says how to turn it upright."""

from __future__ import annotations

import struct
from typing import Any

import av
from av.filter import Graph
from av.sidedata.sidedata import Type

_MATRIX: Any = Type.DISPLAYMATRIX.value
_KINDS = range(64)  # ffmpeg 8 knows about 35


def display_matrix(picture: Any) -> list[int] | None:
    """Nine numbers, row by row; None if the picture has no matrix.

    PyAV double-frees some kinds of side data, such as colour profiles of PNGs, and does not know new ones: so
    ffmpeg removes all other kinds before PyAV sees any.
    """
    try:
        data = _with_matrix_only(picture).side_data.get("DISPLAYMATRIX")
    except av.FFmpegError:  # a picture that cannot be filtered
        return None
    return list(struct.unpack("=9i", bytes(data)[:36])) if data is not None else None


def _with_matrix_only(picture: Any) -> Any:
    graph = Graph()
    source = graph.add_buffer(template=picture)
    removals = (graph.add("sidedata", f"delete:{kind}") for kind in _KINDS if kind != _MATRIX)
    graph.link_nodes(source, *removals, graph.add("buffersink")).configure()
    graph.vpush(picture)
    return graph.vpull()
