"""Hot reload for widgets' scripts and styles; anywidget's own supports only single files."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread

from anywidget._file_contents import VirtualFileContents
from anywidget._util import _should_start_thread

_FOLDER = Path(__file__).resolve().parent

_reloaded: list[tuple[VirtualFileContents, Callable[[], str]]] = []


def reloaded(read: Callable[[], str]) -> str | VirtualFileContents:
    """The text, reloaded when a widget's file changes if `ANYWIDGET_HMR=1` is set in a checkout."""
    if not _should_start_thread(_FOLDER):
        return read()
    if not _reloaded:
        Thread(target=_follow_changes, daemon=True).start()
    text = VirtualFileContents(read())
    _reloaded.append((text, read))
    return text


def _follow_changes() -> None:
    from watchfiles import watch  # noqa: PLC0415  (only installed for development)

    for _ in watch(_FOLDER):
        for text, read in _reloaded:
            with suppress(FileNotFoundError):  # an editor is replacing the file
                _update(text, read())


def _update(text: VirtualFileContents, contents: str) -> None:
    if contents != text.contents:
        text.contents = contents
