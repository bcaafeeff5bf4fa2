"""The editor: the chosen source's picture, the recipe form and the submit button."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import ClassVar

import anywidget
import ipywidgets as w
import traitlets
from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.outcome import Outcome, outcome
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.parts import Crop, Position
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.recipes.saved import applied
from gifapp.domain.source_rate import match_source_rate
from gifapp.domain.views.jobs import EstimateView, SourceView
from gifapp.domain.wording import size
from gifapp.widgets.assets import script, style
from gifapp.widgets.controls.summary import Summary
from gifapp.widgets.dashboard.drafts import Drafts
from gifapp.widgets.dashboard.estimating import Estimate, Estimating, Result
from gifapp.widgets.dashboard.history import History
from gifapp.widgets.dashboard.shown import layers_recipe, pace_of, shown_crop, shown_of
from gifapp.widgets.form import RecipeForm
from gifapp.widgets.form.frames import has_other_frames
from gifapp.widgets.messages import Message, receives
from gifapp.widgets.reporting import Reporter
from gifapp.widgets.timing import opening_recipe
from gifapp.widgets.words import notes_beyond, outcome_text, source_facts

SAME_PRESS_S = 0.8  # a second press within this time is ignored

OnSubmit = Callable[[str, Recipe], None]
OfferUndo = Callable[[str, Callable[[], None]], None]
"""Says what was done, and offers to undo it."""


class StageMessage(Message):
    name: str = Field("", max_length=200)
    crop: Crop | None = None
    position: Position = "centre"


class Stage(anywidget.AnyWidget):
    """The chosen source's picture, on which a crop can be drawn, and the other sources."""

    _esm: ClassVar = script("dashboard/editor")
    _css: ClassVar = style(
        *("common", "dashboard/name", "dashboard/editor", "dashboard/preview", "form/form"),
        *("stage/stage", "stage/cropper", "stage/layers", "stage/divider"),
    )

    page_url = traitlets.Unicode().tag(sync=True)
    sources = traitlets.List(traitlets.Dict()).tag(sync=True)
    selected = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    gifs = traitlets.Dict(value_trait=traitlets.Int()).tag(sync=True)
    """The number of GIFs made from each source."""
    crop = traitlets.Dict().tag(sync=True)
    """The crop shown, in the source's pixels, or empty; the page changes it by a message."""
    shown = traitlets.Dict().tag(sync=True)
    """What the page shows of the recipe at once; see `shown_of`."""
    can_undo = traitlets.Bool(default_value=False).tag(sync=True)
    can_redo = traitlets.Bool(default_value=False).tag(sync=True)
    is_previewing = traitlets.Bool(default_value=False).tag(sync=True)
    recipe = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The recipe to preview, as JSON; None while nothing is previewed, since its files may be 100s of kB."""
    layers_recipe = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The recipe of the captions, subtitles and overlay, as JSON; None if there are none."""


class Editor(w.VBox):
    """Lets users choose a source and edit its recipe."""

    def __init__(
        self,
        page_url: str,
        *,
        ask_estimate: Estimate,
        on_submit: OnSubmit,
        on_remove: Callable[[str], None],
        on_rename: Callable[[str, str], None],
        offer_undo: OfferUndo,
        reporter: Reporter,
    ) -> None:
        """`ask_estimate` is called on another thread.

        `on_submit` is called with a source's id and a valid recipe, `on_remove` with the id of a source,
        `on_rename` with the id of a source and its new name.
        """
        self._sources: dict[str, SourceView] = {}
        self._shown: Recipe | None = None  # as last chosen or submitted
        self._history = History(Recipe())
        self._delayed: deque[Callable[[], None]] = deque()
        self._last_press: tuple[str, Recipe, float] | None = None
        self._on_submit, self._on_remove, self._on_rename = on_submit, on_remove, on_rename
        self._reporter = reporter
        self._offer_undo = offer_undo
        self.stage = Stage(page_url=page_url)
        self.drafts = Drafts(self._restored)
        self.form = RecipeForm(self._refresh, after_changes=self._after_changes, page_url=page_url)
        self.submit = w.Button(description="Make the GIF", button_style="primary")
        self.summary = Summary()
        self._estimating = Estimating(ask_estimate, self._show_estimate)
        self.tools = w.VBox([])  # what the dashboard shows above the form
        ranges = [self.form.segments, self.form.frames]
        super().__init__([self.drafts, self.stage, *ranges, self.tools, self.form, self._footer()])
        self.add_class("gifapp-editor")
        self.layout.display = "none"
        self.submit.on_click(lambda _: self._after_changes(self._submit))
        self.stage.on_msg(self._receive)
        self.stage.observe(lambda _: self._refresh(), "is_previewing")

    @property
    def source(self) -> SourceView | None:
        """The chosen source."""
        return self._sources.get(self.stage.selected or "")

    @property
    def is_edited(self) -> bool:
        """Whether the user has changed the recipe since it was shown or submitted."""
        try:
            return self.source is not None and self.form.recipe() != self._shown
        except errors.RecipeInvalid:
            return True

    def show_sources(self, sources: list[SourceView]) -> None:
        """Show these sources; choose the first unless the chosen one is among them."""
        self._sources = {source.id: source for source in sources}
        self.stage.sources = [source_facts(source) for source in sources]
        self.layout.display = "" if sources else "none"
        if self.source is None and sources:
            self.choose(sources[0])

    def choose(self, source: SourceView, recipe: Recipe | None = None) -> None:
        """Choose a source, with this recipe, or else its last one, or else that of a new source."""
        if self.stage.selected != source.id:
            self.summary.estimate = self.summary.notes = ""
        self.stage.selected = source.id
        self.form.show(recipe or self.drafts.get(source.id) or opening_recipe(source), source)
        with suppress(errors.RecipeInvalid):
            self._shown = self.form.recipe()
        self._history = History(self._shown or Recipe())
        self._refresh()

    def use(self, saved: Recipe) -> None:
        """Fill the form from a saved recipe, except for what belongs to the chosen source."""
        if self.source is None:
            return
        try:
            current = self.form.recipe()
        except errors.RecipeInvalid:
            current = opening_recipe(self.source)
        self.form.show(applied(saved, current), self.source)
        self._refresh()

    def _restored(self, source_id: str) -> None:
        with self._reporter.reporting():
            if source := self._sources.get(source_id):
                self.choose(source)

    def _footer(self) -> w.Box:
        self.submit.add_class("gifapp-editor__submit")
        footer = w.VBox([self.summary, self.submit])
        footer.add_class("gifapp-editor__footer")
        return footer

    def _refresh(self) -> None:
        """Show the expected result, or what is wrong with the recipe."""
        with self._reporter.reporting():
            if self.source is not None:
                self._describe(self.source)

    def _describe(self, source: SourceView) -> None:
        try:
            recipe = self.form.recipe()
        except errors.RecipeInvalid as refused:
            self.summary.problem = _sentence(refused)
            self.submit.disabled = True
            self.summary.is_estimating = False
            self._estimating.withdraw()
            return
        recipe = self._with_valid_frames(recipe, source)
        self.drafts.keep(source.id, recipe)
        self._history.note(recipe)
        self.stage.can_undo, self.stage.can_redo = self._history.can_undo, self._history.can_redo
        self.stage.crop = shown_crop(recipe, source)
        self.stage.shown = shown_of(recipe, source)
        drawn = layers_recipe(recipe)
        self.stage.layers_recipe = drawn.model_dump_json() if drawn else None
        self.stage.recipe = recipe.canonical_json() if self.stage.is_previewing else None
        self.form.hint(recipe, source)
        self.form.frames.show(recipe)
        self._expected = _expected(recipe, source)
        self.summary.problem, self.summary.facts = "", outcome_text(self._expected)
        self.submit.description = f"Make the {FILE_KINDS[recipe.format].name}"
        self.submit.disabled = False
        self.summary.is_estimating = self._estimating.request(source.id, recipe)

    def _with_valid_frames(self, recipe: Recipe, source: SourceView) -> Recipe:
        """Drop the list of frames if a change of ranges, rate or speed gives its numbers another meaning."""
        before = self._history.shown
        if not recipe.frames or recipe.frames != before.frames or not has_other_frames(recipe, before):
            return recipe

        def undo() -> None:
            if self.source is not None and self.source.id == source.id:
                self._show(before, self.source)

        self._offer_undo("Your frame edits were reset because the clip changed.", undo)
        recipe = recipe.model_copy(update={"frames": ()})
        self.form.show(recipe, source)
        return recipe

    def _show(self, recipe: Recipe, source: SourceView) -> None:
        """Show another recipe of the chosen source, as a step of its own."""
        self._history.note(recipe)
        self.form.show(recipe, source)
        self._refresh()

    def _show_estimate(self, result: Result) -> None:
        self.summary.is_estimating = False
        self.summary.estimate = self.summary.notes = ""
        if isinstance(result, EstimateView):
            measures = {name: getattr(result, name) for name in ("width_px", "height_px", "frames")}
            self.summary.facts = outcome_text(replace(self._expected, **measures))
            self.summary.estimate = f"about {size(result.bytes)}"
            self.summary.notes = notes_beyond(self.source, result.notes)
        elif isinstance(result, errors.BadInput) and not isinstance(result, errors.ConversionTooSlow):
            # an estimate has much less time than the conversion
            self.summary.problem, self.submit.disabled = str(result), True

    def close(self) -> None:
        """Stop requesting estimates."""
        self._estimating.stop()
        super().close()

    def _after_changes(self, act: Callable[[], None]) -> None:
        """Call `act` once all changes have arrived that the page made before what it has just sent.

        ipywidgets holds changes back while the kernel is busy, but not presses; the page's answer comes
        after both.
        """
        self._delayed.append(act)
        self.stage.send({"type": "settle"})

    def _submit(self) -> None:
        if self.source is not None:
            self._submit_once(self.source.id, self.form.recipe())

    def _submit_once(self, source_id: str, recipe: Recipe) -> None:
        # the second click of a double click is queued while the first is handled
        if self._last_press is not None:
            *same, at_s = self._last_press
            if same == [source_id, recipe] and time.monotonic() - at_s < SAME_PRESS_S:
                return
        self._on_submit(source_id, recipe)
        self._last_press = (source_id, recipe, time.monotonic())
        self._shown = recipe

    @receives(StageMessage)
    def _receive(self, message: StageMessage) -> None:
        with self._reporter.reporting():
            if message.type == "settled" and self._delayed:
                self._delayed.popleft()()
            elif message.type == "choose":
                self._after_changes(partial(self._choose, message.id))
            elif message.type == "remove":
                self._on_remove(message.id)
            elif message.type == "rename":
                self._on_rename(message.id, message.name)
            elif message.type == "crop":
                self.form.draw_crop(message.crop)
                self._refresh()
            elif message.type == "place":
                self.form.text.place(message.id, message.position)
            elif message.type in ("undo", "redo"):
                self._after_changes(partial(self._step, message.type))

    def _choose(self, source_id: str) -> None:
        if source_id in self._sources:
            self.choose(self._sources[source_id])

    def _step(self, kind: str) -> None:
        if self.source is not None:
            self.form.show(getattr(self._history, kind)(), self.source)
            self._refresh()


def _sentence(refused: errors.RecipeInvalid) -> str:
    first, *others = refused.facts["problems"].split("; ")
    return f"{first}." if not others else f"{first}, and {len(others)} more."


def _expected(recipe: Recipe, source: SourceView) -> Outcome:
    """The expected result, computed at once; a preset may reduce it further."""
    return outcome(
        match_source_rate(recipe, pace_of(source)),
        width_px=source.width,
        height_px=source.height,
        duration_s=source.duration_s or 0.0,
        is_still=source.fps is None,
    )
