"""A pytest plugin: runs the kernels so that undefined behaviour or access outside an array ends the process.

The kernels are compiled with traps for undefined behaviour. Each array is passed in its own memory, with an
inaccessible page right after it or, every other time, right before it.
"""

import ctypes
import mmap
import shutil
import tempfile
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import hatch_build
from gifapp.conversion.gif.native import sources

_NO_ACCESS = 0
_ends_at_page = cycle([True, False])
_built = tempfile.TemporaryDirectory(prefix="gifapp-sanitized-")


def pytest_configure(config: pytest.Config) -> None:
    directory = shutil.copytree(sources.DIRECTORY, Path(_built.name) / "native")
    hatch_build.compile_kernels(directory / "sources.py", hatch_build.SANITIZED)
    sources.DIRECTORY = directory
    from gifapp.conversion.gif.native import library

    kernels = {name: each for name, each in vars(library).items() if isinstance(each, type(library.remap))}
    for name, kernel in kernels.items():
        setattr(library, name, _fencing(kernel))


def pytest_unconfigure(config: pytest.Config) -> None:
    _built.cleanup()


def _fencing(kernel: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        passed = [_fenced(each) if _is_array(each) else each for each in arguments]
        result = kernel(*passed)
        for original, fenced in zip(arguments, passed, strict=True):
            if _is_array(original) and original.flags.writeable:
                original[...] = fenced
        return result

    return call


def _is_array(argument: Any) -> bool:
    return isinstance(argument, np.ndarray) and argument.flags.c_contiguous


def _fenced(array: NDArray[Any]) -> NDArray[Any]:
    """A copy that begins or ends at an inaccessible page."""
    pages = -(-array.nbytes // mmap.PAGESIZE)
    memory = np.frombuffer(mmap.mmap(-1, (pages + 2) * mmap.PAGESIZE), np.uint8)
    for page in (0, pages + 1):
        _forbid(memory.ctypes.data + page * mmap.PAGESIZE)
    begin = (pages + 1) * mmap.PAGESIZE - array.nbytes if next(_ends_at_page) else mmap.PAGESIZE
    copy = memory[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def _forbid(address: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mprotect(ctypes.c_void_p(address), mmap.PAGESIZE, _NO_ACCESS) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
