"""The time ranges of the video that are played."""

from __future__ import annotations

from typing import Any

from gifapp.domain.recipes.fields import recipe_field
from gifapp.domain.views.jobs import SourceView
from gifapp.widgets.controls.ranges import Ranges
from gifapp.widgets.form.fields import OnChange, Part, Problem, RecipeValues, Values, sentence
from gifapp.widgets.timing import frame_s

Range = list[float]

PATH = "segments"


class Segments(Part):
    """The recipe's segments on the video's timeline; the whole video is an empty list."""

    def __init__(self, page_url: str, *, on_change: OnChange) -> None:
        self.ranges = Ranges(page_url=page_url)
        self._filled: list[dict[str, Any]] = []
        self._shown: list[Range] = []
        super().__init__([self.ranges])
        self.add_class("gifapp-editor__timeline")
        self.ranges.observe(lambda _: on_change(), "value")

    def fill(self, recipe: RecipeValues, source: SourceView) -> None:
        duration_s = source.duration_s or 0.0
        is_still = source.fps is None
        self.layout.display = "none" if is_still or not duration_s else ""
        self._filled = recipe[PATH]
        ranges = [_shown(segment, duration_s) for segment in self._filled]
        self._shown = ranges or [[0.0, round(duration_s, 2)]]
        with self.ranges.hold_sync():
            self.ranges.source_id, self.ranges.filmstrip_url = source.id, source.filmstrip_url
            self.ranges.frame_s = frame_s(source)
            self.ranges.duration_s = duration_s
            self.ranges.value = self._shown

    def read(self, problems: list[Problem]) -> Values:
        segments = self._segments()
        if self.ranges.duration_s:
            duration_s = self.ranges.duration_s
            wrong = (_problem(number, segment, duration_s) for number, segment in enumerate(segments))
            problems += [problem for problem in wrong if problem]
        return {PATH: segments}

    def _segments(self) -> list[dict[str, Any]]:
        ranges, end_s = self.ranges.value, round(self.ranges.duration_s, 2)
        if ranges == self._shown:
            return self._filled
        if ranges == [[0.0, end_s]]:
            return []
        return [{"start_s": times[0], "end_s": times[1] if times[1] < end_s else None} for times in ranges]

    def show_problem(self, path: str, words: str) -> str | None:
        field, _, rest = path.partition(".")
        if field != PATH:
            return None
        number, _, edge = rest.partition(".")
        label = self._label(number, edge)
        self.ranges.problem = f"{sentence(label, words)}."
        return label

    def _label(self, number: str, edge: str) -> str:
        """`Start`, or `Start of range 2` if there are several."""
        which = f"range {int(number) + 1}" if number and len(self.ranges.value) > 1 else ""
        if not edge:
            return which.capitalize() or "Range"
        title = recipe_field(f"{PATH}.{edge}").title
        return f"{title} of {which}" if which else title

    def clear_problems(self) -> None:
        self.ranges.problem = ""

    def changed_labels(self, values: Values, defaults: RecipeValues) -> list[str]:  # noqa: ARG002
        count = len(values.get(PATH, ()))
        return ["Trimmed"] if count == 1 else [f"{count} ranges"] if count else []


def _shown(segment: RecipeValues, duration_s: float) -> Range:
    end_s = segment["end_s"]
    return [round(segment["start_s"], 2), round(duration_s if end_s is None else min(end_s, duration_s), 2)]


def _problem(number: int, segment: RecipeValues, duration_s: float) -> Problem | None:
    if segment["start_s"] >= duration_s:
        return Problem(f"{PATH}.{number}.start_s", f"is past the end of the video ({duration_s:.4g} s)")
    if segment["end_s"] is not None and segment["end_s"] <= segment["start_s"]:
        return Problem(f"{PATH}.{number}.end_s", "must be later than the start")
    return None
