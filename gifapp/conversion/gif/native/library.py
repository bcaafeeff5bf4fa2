"""Loads the compiled kernels and declares their signatures; the C sources say what each one does.

They are called through ctypes: one library serves every version of Python, building it needs no Python
headers, and the GIL is released during a call. An array of another type or layout than declared is an error.
On x86-64 there are two builds of the same sources, one for processors with AVX2; their results are equal.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import c_bool, c_char, c_double, c_int, c_int32, c_int64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors
from gifapp.conversion.gif.native import sources


def load() -> ctypes.CDLL:
    """The build for this processor.

    Raises:
        errors.EncoderNotBuilt: it is missing, or was built from other sources.
    """
    try:
        library = ctypes.CDLL(str(sources.DIRECTORY / "kernels.so"))
        if library.has_avx2():
            library = ctypes.CDLL(str(sources.DIRECTORY / "kernels_avx2.so"))
    except OSError as missing:
        raise errors.EncoderNotBuilt from missing
    built_from = ctypes.c_char.in_dll(library, "source_digest")
    if ctypes.string_at(ctypes.addressof(built_from)).decode() != sources.digest():
        raise errors.EncoderNotBuilt
    return library


_library = load()
_NOTHING_MORE = c_char * 0  # than an address
has_avx2: bool = _library.has_avx2()


def constant(name: str) -> int:
    """A number that C and Python share; kernels.h has its value."""
    return c_int32.in_dll(_library, f"constant_{name}").value


def _kernel(name: str, *arguments: Any, returns: Any = None) -> Callable[..., Any]:
    kernel = _library[name]
    kernel.argtypes, kernel.restype = arguments, returns
    return kernel


class _Array:
    """The type of an argument: a writable, contiguous array.

    NumPy's own `ndpointer` takes four times as long, which matters for small frames.
    """

    def __init__(self, dtype: Any, dimensions: int) -> None:
        self._dtype, self._dimensions = np.dtype(dtype), dimensions

    def from_param(self, array: NDArray[Any]) -> ctypes.Array[c_char]:
        if array.dtype != self._dtype or array.ndim != self._dimensions or not array.flags.c_contiguous:
            raise TypeError(f"{self._dimensions} dimensions of {self._dtype} without gaps are expected")
        return _NOTHING_MORE.from_buffer(array)  # type: ignore[arg-type]


_PIXELS = _Array(np.uint8, 3)
_SHAPE = _RECTANGLE = _Array(np.int64, 1)
_SCREEN = _PIXELS
_BYTES, _INTS, _LONGS, _FLAGS = (_Array(dtype, 1) for dtype in (np.uint8, np.int32, np.int64, np.bool_))
_CODES = _Array(np.uint16, 1)
_TABLE = _Array(np.uint8, 2)
_CELLS = _Array(np.uint32, 1)
_POINTS = _Array(np.float32, 2)
_SUMS = _Array(np.int64, 2)

find_changed = _kernel("find_changed", _PIXELS, _SHAPE, _SCREEN, _INTS, _RECTANGLE)
count_changed = _kernel("count_changed", _PIXELS, _PIXELS, _SHAPE, _INTS, c_int64, returns=c_int64)
average_steady = _kernel(
    "average_steady",
    _PIXELS,
    _SHAPE,
    _PIXELS,
    _PIXELS,
    _PIXELS,
    _PIXELS,
    c_int64,
    _INTS,
    _PIXELS,
)
remap = _kernel(
    "remap", _PIXELS, _PIXELS, _SHAPE, _SCREEN, _RECTANGLE,
    _TABLE, c_int64, _CELLS, _INTS, _BYTES,
    _INTS, _INTS, _Array(np.int32, 2), c_int64, _Array(np.int32, 2), _TABLE, _CODES, returns=c_int64,
)  # fmt: skip
find_phrases = _kernel("find_phrases", _BYTES, c_int64, _CODES, returns=c_int64)
mark_used = _kernel("mark_used", _CODES, c_int64, _FLAGS)
pack = _kernel("pack", _CODES, c_int64, _BYTES, c_int, _BYTES, returns=c_int64)
count_levels = _kernel("count_levels", _PIXELS, _SHAPE, _LONGS)
count_steps = _kernel("count_steps", _PIXELS, _SHAPE, _LONGS, _LONGS)
count_colours = _kernel(
    "count_colours", _PIXELS, _SHAPE, c_int64, _INTS, _LONGS, _INTS, _SUMS, _INTS, _SUMS, _LONGS
)
take_out_tones = _kernel("take_out_tones", _INTS, _LONGS, _INTS, _SUMS, c_int64, _FLAGS)
write_points = _kernel("write_points", _INTS, _SUMS, _POINTS, returns=c_int64)
mark_alike = _kernel("mark_alike", _POINTS, c_int64, _INTS, _POINTS, c_int64, _FLAGS)
split = _kernel("split", _POINTS, c_int64, _INTS, c_int64, c_double, _INTS, _INTS, returns=c_int64)
polish = _kernel("polish", _POINTS, c_int64, _INTS, _INTS, c_int64, _TABLE)
mean_error = _kernel("mean_error", _POINTS, c_int64, _INTS, _TABLE, c_int64, returns=c_double)
collect_colours = _kernel(
    "collect_colours", _PIXELS, _SHAPE, _SCREEN, _RECTANGLE, c_bool, _INTS, returns=c_int64
)
