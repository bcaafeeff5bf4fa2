"""How notebooks show GIFs and progress: `gifapp.options`."""

from __future__ import annotations

from typing import Any, Literal

from gifapp import errors

_CHOICES: dict[str, tuple[Any, ...]] = {"embed": ("data", "link"), "progress": (True, False)}


class Options:
    """The options.

    Attributes:
        embed: "data" stores GIFs in the notebook; "link" only links those that have an output file.
        progress: whether `convert` shows a progress bar in terminals and notebooks.

    Raises:
        errors.FieldInvalid: an option is set to anything else.
    """

    embed: Literal["data", "link"] = "data"
    progress: bool = True

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _CHOICES:
            problem = f"is not an option; choose from {', '.join(_CHOICES)}"
            raise errors.FieldInvalid(field=f"options.{name}", problem=problem)
        if value not in _CHOICES[name]:
            choices = " or ".join(map(repr, _CHOICES[name]))
            raise errors.FieldInvalid(field=f"options.{name}", problem=f"must be {choices}, not {value!r}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        return f"Options(embed={self.embed!r}, progress={self.progress})"


options = Options()
