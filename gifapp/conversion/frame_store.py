"""Stores frames on disk for random access, so that reversed clips do not fill memory."""

from __future__ import annotations

import tempfile

import numpy as np
from numpy.typing import NDArray

from gifapp import errors
from gifapp.os_errors import translating_os_errors

MAX_BYTES = 16 * 1024**3


class FrameStore:
    """Equal-sized frames in an unnamed temporary file, which vanishes with the process."""

    def __init__(self, shape: tuple[int, int, int], limit_bytes: int = MAX_BYTES) -> None:
        self._shape = shape
        self._frame_bytes = shape[0] * shape[1] * shape[2]
        self._file = tempfile.TemporaryFile(prefix="gifapp-")  # noqa: SIM115
        self._limit_bytes = limit_bytes
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> NDArray[np.uint8]:
        self._file.seek(number * self._frame_bytes)
        frame = np.empty(self._shape, np.uint8)
        self._file.readinto(frame.data)
        return frame

    def append(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame.

        Raises:
            errors.DiskFull: the disk is full.
            errors.ConversionTooBig: the frames would exceed the limit.
        """
        if (self._count + 1) * self._frame_bytes > self._limit_bytes:
            raise errors.ConversionTooBig
        with translating_os_errors():
            self._file.write(frame.data)
        self._count += 1

    def close(self) -> None:
        self._file.close()
