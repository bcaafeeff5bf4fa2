"""The file that a Python source becomes, and the options for its frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gifapp import errors
from gifapp.conversion.intake.colouring import Colouring


class Taken(NamedTuple):
    """The file of a source, and the rate at which a recipe without `fps` keeps all of its frames, if any."""

    path: Path
    fps: float | None = None


class FrameOptions(NamedTuple):
    """How to show frames: their colours, and how long each is shown; None: at the recipe's rate."""

    colouring: Colouring = Colouring()
    durations_s: Sequence[float] | None = None

    def check_unused(self) -> None:
        """Check that the options are not set, for sources that are not frames.

        Raises:
            errors.FieldInvalid: one is set.
        """
        settings = {"durations_s": self.durations_s, **vars(self.colouring)}
        for name, value in settings.items():
            if value is not None:
                problem = "is for arrays and other frames; this source has times and colours of its own"
                raise errors.FieldInvalid(field=name, problem=problem)
