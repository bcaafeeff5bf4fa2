import json
from pathlib import Path
from typing import Any

import pytest

from gifapp import errors
from gifapp.conversion.probing import inspection, probe
from gifapp.domain.limits import Limits

AFTER_PROBING = {"decode", "encoders", "render", "sizing", "text"}


@pytest.fixture(autouse=True)
def our_own_clips_are_inspected_here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child process for each conversion takes longer than most conversions; the other folders test it."""
    if request.path.parent.name in AFTER_PROBING:
        monkeypatch.setattr(probe, "_inspected", inspected_here)


def inspected_here(path: Path, limits: Limits, _: object) -> Any:
    """What the child process would answer."""
    try:
        return json.loads(json.dumps({"found": inspection.inspect(path, limits.max_pixels)}))
    except errors.SourceRefused as refused:
        return {"refused": refused.code, "facts": refused.facts}
