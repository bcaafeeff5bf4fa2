"""The frames that are shown, if single frames were edited."""

from __future__ import annotations

from gifapp.domain.recipes.outcome import numbering_recipe
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.domain.wording import counted
from gifapp.widgets.controls.frames import FrameStrip
from gifapp.widgets.form.fields import OnChange, Part, Problem, RecipeValues, Values

PATH = "frames"

# what frames there are, and when; then what they look like
_TIMING = ("segments", "crossfade_s", "speed", "fps")
_LOOK = ("deinterlace", "crop", "aspect", "rotate", "flip", "look", "chroma_key", "background")


class Frames(Part):
    """The recipe's list of frames, edited on a strip; empty if all frames show."""

    def __init__(self, page_url: str, *, on_change: OnChange) -> None:
        self.strip = FrameStrip(page_url=page_url)
        super().__init__([self.strip])
        self.strip.observe(lambda _: on_change(), ["value", "is_open"])

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        self.layout.display = "none" if source.fps is None else ""
        with self.strip.hold_sync():
            self.strip.strip_url = source.strip_url
            self.strip.value = recipe[PATH]

    def read(self, problems: list[Problem]) -> Values:  # noqa: ARG002
        return {PATH: [dict(edit) for edit in self.strip.value]}

    def show(self, recipe: Recipe) -> None:
        """Show the frames of this recipe while the strip is open."""
        self.strip.recipe = _shown(recipe).canonical_json() if self.strip.is_open else None

    def show_problem(self, path: str, words: str) -> str | None:  # noqa: ARG002
        return "Frames" if path.partition(".")[0] == PATH else None

    def clear_problems(self) -> None:
        """Nothing to clear: the summary shows problems."""

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:  # noqa: ARG002
        count = len(values.get(PATH, ()))
        return [counted(count, "frame")] if count else []


def has_other_frames(recipe: Recipe, before: Recipe) -> bool:
    """Whether the numbers of frames do not mean the same in both recipes."""
    return any(getattr(recipe, name) != getattr(before, name) for name in _TIMING)


def _shown(recipe: Recipe) -> Recipe:
    """Only what decides the frames' pictures, so that other changes do not read them again."""
    plain = numbering_recipe(recipe)
    return Recipe(**{name: getattr(plain, name) for name in (*_TIMING, *_LOOK)})
