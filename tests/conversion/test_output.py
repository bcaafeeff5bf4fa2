"""Output files: what a new one may replace."""

import os
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.conversion.output import published


@pytest.mark.parametrize("kind", ["pipe", "link", "dangling link", "folder"])
def test_output_replaces_only_files(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out.gif"
    if kind == "pipe":  # as /dev/stdout may be
        os.mkfifo(out)
    elif kind == "folder":
        out.mkdir()
    else:
        out.symlink_to(__file__ if kind == "link" else "missing")
    before = out.lstat()
    with (
        pytest.raises(errors.OutputNotWritable, match=r"out\.gif: it is a link, or something else"),
        published(out, limit_bytes=100),
    ):
        pass
    assert (out.lstat(), list(tmp_path.iterdir())) == (before, [out])


def test_output_replaces_an_earlier_file(tmp_path: Path) -> None:
    out = tmp_path / "out.gif"
    out.write_bytes(b"earlier")
    with published(out, limit_bytes=100) as file:
        file.write(b"later")
    assert (out.read_bytes(), list(tmp_path.iterdir())) == (b"later", [out])
