"""Reads arrays and tensors of any library by NumPy's and the array API's protocols, without copies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gifapp import errors

_CHANNELS = (1, 3, 4)


def as_array(value: Any) -> NDArray[Any]:
    """The numbers of `value`; a masked array stays one. Pixels in main memory are not copied.

    Raises:
        errors.FramesInvalid: NumPy cannot read it, even by way of main memory.
    """
    refusals: list[object] = []
    for read in _WAYS:
        try:
            array = read(value)
        except (AttributeError, TypeError, ValueError, RuntimeError, BufferError) as refused:
            refusals.append(refused)  # a tensor on a graphics card, a ragged list
        else:
            if array.dtype != object:
                return array
            refusals.append(f"{type(value).__name__} holds no numbers")
    raise errors.FramesInvalid(problem=f"NumPy cannot read them ({refusals[0]})")


def frames_in(source: Any) -> Iterator[Any]:
    """The frames of an array of them, one by one: arrays on disk or a graphics card are never read whole.

    Raises:
        errors.FramesInvalid: the shape is not that of frames.
    """
    if not is_indexable(source):
        source = as_array(source)
    shape = tuple(source.shape)
    if len(shape) not in (3, 4) or (len(shape) == 3 and shape[2] in (3, 4)):
        expected = "(frames, height, width) with 3 or 4 channels after it or before height"
        raise errors.FramesInvalid(problem=f"the shape is {shape}, not {expected}")
    return (source[number] for number in range(shape[0]))


def is_indexable(source: Any) -> bool:
    """Whether it is an array whose frames can be read one by one."""
    return hasattr(source, "shape") and hasattr(source, "__getitem__")


def is_array(source: Any) -> bool:
    """Whether it offers an array by any protocol."""
    return is_indexable(source) or any(
        hasattr(source, protocol) for protocol in ("__array__", "__array_interface__", "__dlpack__")
    )


def channels_last(array: NDArray[Any]) -> NDArray[Any]:
    """A view of one frame as (height, width, 1, 3 or 4).

    Channels come first, as in PyTorch, if that is the only way to read the shape.

    Raises:
        errors.FramesInvalid: it has no shape of a frame.
    """
    if array.ndim == 2:
        array = array[..., np.newaxis]
    elif array.ndim == 3 and array.shape[2] not in _CHANNELS and array.shape[0] in _CHANNELS:
        array = np.moveaxis(array, 0, 2)
    if array.ndim != 3 or array.shape[2] not in _CHANNELS or 0 in array.shape:
        expected = "(height, width) with 3 or 4 channels after it or before it"
        raise errors.FramesInvalid(problem=f"the shape of one is {array.shape}, not {expected}")
    return array


def _to_host(value: Any) -> NDArray[Any]:
    """By DLPack, whose consumers may ask for a copy in main memory."""
    return np.from_dlpack(value, device="cpu")


def _detached(tensor: Any) -> NDArray[Any]:
    """By PyTorch's own methods: out of the graph of gradients, off the graphics card."""
    return np.asarray(tensor.detach().cpu())


_WAYS: Iterable[Callable[[Any], NDArray[Any]]] = (np.asanyarray, _to_host, _detached)
