"""Operating system errors in our words; every writer translates them."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.os_errors import from_errno, translating_os_errors
from gifapp.processes import ProcessLimits, spawn

NUMBERS = [
    (errno.ENOSPC, errors.DiskFull),
    (errno.EDQUOT, errors.DiskFull),
    (errno.EFBIG, errors.ConversionTooBig),
    (errno.ENOMEM, errors.ConversionTooBig),
]
WRITERS = {
    "output": """
from gifapp.conversion.output import published
with published(Path("out.gif"), limit_bytes=10**9) as file:
    file.write(bytes(100_000))
""",
    "frame store": """
import numpy
from gifapp.conversion.frame_store import FrameStore
FrameStore((200, 200, 3)).append(numpy.zeros((200, 200, 3), numpy.uint8))
""",
    "storage": """
from gifapp.domain.limits import QuotaUsage
from gifapp.storage.workspace import Workspace
workspace = Workspace(Path("data"))
with workspace.incoming(limit_bytes=10**9, quota=QuotaUsage(0, 10**9)) as incoming:
    incoming.write(bytes(100_000))
""",
}


@pytest.mark.parametrize(("number", "error"), NUMBERS)
def test_error_number_is_translated_alike_by_every_writer(
    number: int, error: type[errors.GifappError]
) -> None:
    assert type(from_errno(number)) is error
    with pytest.raises(error), translating_os_errors():
        raise OSError(number, "")


@pytest.mark.parametrize("number", [None, 0, errno.ENOENT, errno.EACCES])
def test_other_error_numbers_pass_through(number: int | None) -> None:
    assert from_errno(number) is None
    with pytest.raises(OSError, match="as it was"), translating_os_errors():
        raise OSError(number, "as it was")


@pytest.mark.parametrize("code", WRITERS.values(), ids=WRITERS)
def test_file_over_the_process_limit_is_too_big(tmp_path: Path, code: str) -> None:
    child = spawn(
        [sys.executable, "-c", f"from pathlib import Path\n{code}"],
        limits=ProcessLimits(file_bytes=50_000),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    _, trace = child.communicate()
    assert trace.splitlines()[-1].startswith("gifapp.errors.bad_input.ConversionTooBig")
