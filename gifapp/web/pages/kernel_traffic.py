"""Validates and rate-limits the messages that a page sends to its kernel."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from gifapp import errors
from gifapp.web.http.payloads import decoded
from gifapp.web.traffic.bucket import Bucket

PROTOCOL = "v1.kernel.websocket.jupyter.org"
OWN_TARGET = "jupyter.widget.control"  # the comm by which the ipywidgets frontend requests all widget states

MAX_COMMS = 20
MESSAGES, MESSAGES_PER_S = 1000, 100  # a new page sends one per widget, a slider 60 a second
BYTES, BYTES_PER_S = 4_000_000, 200_000  # an image and subtitles take 700,000
STATE_BYTES = 10_000  # counted for a request of one widget's state: the replies have up to 130,000
STATES, STATES_PER_S = 20, 0.2  # each reply contains the state of every widget
SOCKETS, SOCKETS_PER_S = 20, 0.2

_CHANNELS = (b"shell", b"control")
_PARTS = range(6, 40)  # offsets of channel, header, parent, metadata, content, buffers, and of the end


class MessageRefused(Exception):
    """The page may not send this message; the text is shown to the sender."""


class KernelTraffic:
    """The rate limits of one kernel, over all its sockets, so that reconnecting does not reset them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._messages = Bucket(MESSAGES, MESSAGES_PER_S, clock)
        self._bytes = Bucket(BYTES, BYTES_PER_S, clock)
        self._states = Bucket(STATES, STATES_PER_S, clock)
        self._sockets = Bucket(SOCKETS, SOCKETS_PER_S, clock)
        self._comms: set[str] = set()

    def admit_socket(self) -> bool:
        """Count a new socket; False: the page opens more than even a bad connection needs."""
        return self._sockets.take()

    def admit(self, message: bytes | str) -> None:
        """Validate and count a message from the page.

        Raises:
            MessageRefused
        """
        if not (self._messages.take() and self._bytes.take(len(message))):
            raise MessageRefused("too many messages")
        header, content = _read(message)
        if header.get("msg_type") == "comm_open":
            self._open(content)
        elif header.get("msg_type") == "comm_close":
            self._comms.discard(str(content.get("comm_id")))
        elif _asks_for(content, "request_state") and not self._bytes.take(STATE_BYTES):
            raise MessageRefused("too many requests for the state of a widget")
        elif _asks_for(content, "request_states") and not self._states.take():
            raise MessageRefused("too many requests for the state of all widgets")

    def _open(self, content: dict[str, Any]) -> None:
        if content.get("target_name") != OWN_TARGET:
            raise MessageRefused(f"a page may open only the comm {OWN_TARGET}")
        self._comms.add(str(content.get("comm_id")))
        if len(self._comms) > MAX_COMMS:
            raise MessageRefused(f"a page may have at most {MAX_COMMS} comms open")


def _read(message: bytes | str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and content of a message in Jupyter's binary websocket protocol."""
    try:
        channel, header, _, _, content, *_ = _parts(message)
        if channel not in _CHANNELS:
            raise ValueError(channel)
        read = decoded(header), decoded(content)
    except (TypeError, ValueError, struct.error, errors.JsonInvalid):
        raise MessageRefused(f"not a message of the protocol {PROTOCOL}") from None
    if not all(isinstance(part, dict) for part in read) or not isinstance(read[0].get("msg_type"), str):
        raise MessageRefused("header and content must be objects, and msg_type must be a string")
    return read


def _parts(message: bytes | str) -> list[bytes]:
    if isinstance(message, str):
        raise TypeError
    [count] = struct.unpack_from("<Q", message)
    if count not in _PARTS:  # Jupyter's own parser would loop up to 2**64 times
        raise ValueError(count)
    offsets = struct.unpack_from(f"<{count}Q", message, 8)
    if offsets[0] != 8 * (count + 1) or offsets[-1] != len(message) or list(offsets) != sorted(offsets):
        raise ValueError(offsets)
    return [message[begin:end] for begin, end in pairwise(offsets)]


def _asks_for(content: dict[str, Any], method: str) -> bool:
    data = content.get("data")
    return isinstance(data, dict) and data.get("method") == method
