"""Finds the best-looking file that fits a size limit.

The clip is rendered once and cached on disk. If the recipe's file is too large, the stages of
`domain.recipes.quality_ladder` are tried on a sample of its frames; the whole clip is then encoded with the
settings predicted to fit, and the result corrects the prediction. Four encodes, including the recipe's own,
land between 85 % of the target and the target.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gifapp import errors
from gifapp.conversion.encoders.writers import Written
from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import Rendering
from gifapp.conversion.sizing.clip_cache import CachedClip
from gifapp.conversion.sizing.ladder_search import ladder_of, mildest_fitting
from gifapp.conversion.sizing.sampling import Prediction, SizeCorrection, predicted
from gifapp.conversion.sizing.trials import OnFrame, sampling_of, side_step_px, trials_of
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.quality_ladder import EncodeSettings, GifStats, given_up
from gifapp.domain.recipes.recipe import Recipe

MAX_ENCODES = 4
_FIRST_KNOWN = 2  # the first encode whose size is known: encode 1 stops at the target
MIN_SHARE = 0.85  # of the target; a smaller GIF could look better
_AIMS = (0.94, 0.955, 0.93)  # shares of the target: predictions improve, and the last attempt must fit
_SAMPLE_PX = 3_500_000  # a quarter of a second of encoding
_MAX_STEPS = 7  # of a search, each with a sample
# progress once the clip is cached, and the share of the rest that remains after a sample
_READ, _AFTER_SAMPLE = 0.4, 0.96


class Fitted(NamedTuple):
    """The result, with a note about the reductions, and how often the whole clip was encoded."""

    written: Written
    encodes: int


def fit(
    rendering: Rendering,
    out: BinaryIO,
    recipe: Recipe,
    *,
    target_bytes: int,
    limits: Limits,
    reporter: Reporter,
) -> Fitted:
    """Write the best-looking file of at most `target_bytes` to `out`.

    If the recipe's preset has a fixed size, the sides stay; the clip is shortened instead if necessary.

    Raises:
        errors.TargetTooSmall: even the smallest file is too large; the error has its size.
        errors.GifappError: see `rendered`.
    """
    shape = (rendering.height_px, rendering.width_px, 4 if rendering.has_alpha else 3)
    with (
        closing(FrameStore(shape)) as store,
        tempfile.TemporaryDirectory(prefix="gifapp-") as directory,
    ):
        clip = CachedClip(store, rendering.width_px, rendering.height_px, side_step_px(recipe.format))
        search = _Search(
            rendering, clip, recipe, target_bytes, limits=limits, reporter=reporter, directory=Path(directory)
        )
        best = search.plain() or search.best()
        with best.path.open("rb") as file:
            shutil.copyfileobj(file, out)
    return search.fitted(best)


@dataclass(frozen=True)
class _Attempt:
    """The whole clip encoded with some settings."""

    settings: EncodeSettings
    path: Path
    written: Written

    @property
    def bytes(self) -> int:
        return self.written.bytes


class _Search:
    """One search; its temporary files are in `directory`."""

    def __init__(
        self,
        rendering: Rendering,
        clip: CachedClip,
        recipe: Recipe,
        target_bytes: int,
        *,
        limits: Limits,
        reporter: Reporter,
        directory: Path,
    ) -> None:
        self._rendering = rendering
        self._trials = trials_of(rendering, recipe, limits=limits, checkpoint=reporter.checkpoint)
        self._clip = clip
        self._recipe = recipe
        self._target_bytes = target_bytes
        self._reporter = reporter
        self._limits = limits
        self._directory = directory
        self._plain = EncodeSettings(recipe.lossy, recipe.colours)
        self._predictions: dict[EncodeSettings, Prediction] = {}
        self._correction = SizeCorrection()
        self._encodes = 0

    def plain(self) -> _Attempt | None:
        """Cache the clip while encoding it by the recipe; None if the result is too large."""
        try:
            return self._attempt(self._plain, self._read(), self._target_bytes, _ignore)
        except errors.ConversionTooBig:
            for _ in self._read():
                """Cache the rest without encoding it."""
            return None

    def best(self) -> _Attempt:
        """The attempt with the mildest settings that fit."""
        stages = ladder_of(self._recipe, self._stats(self._plain), looks_like_screen=self._clip.is_screen)
        plain = self._predicted(self._plain)
        self._correction.add(plain, max(round(plain.bytes), self._target_bytes + 1))  # at least
        best: _Attempt | None = None
        for aim in _aims():
            settings = mildest_fitting(
                stages,
                aim * self._target_bytes,
                self._expected,
                max_steps=_MAX_STEPS,
            )
            if best is not None and settings == best.settings:
                return best
            attempt = self._whole(settings)
            best = self._better(best, attempt)
            if best is None and settings == stages[-1].at(1):
                raise errors.TargetTooSmall(target_bytes=self._target_bytes, smallest_bytes=attempt.bytes)
            if best is not None and (self._is_near(best) or self._encodes >= MAX_ENCODES):
                return best
            self._learn(attempt)
        raise AssertionError("aims go on forever")

    def _better(self, best: _Attempt | None, attempt: _Attempt) -> _Attempt | None:
        """The larger of the two, among those that fit."""
        fitting = [
            candidate
            for candidate in (best, attempt)
            if candidate is not None and candidate.bytes <= self._target_bytes
        ]
        return max(fitting, key=lambda candidate: candidate.bytes, default=None)

    def _is_near(self, attempt: _Attempt) -> bool:
        return attempt.bytes >= MIN_SHARE * self._target_bytes

    def _learn(self, attempt: _Attempt) -> None:
        if self._encodes == _FIRST_KNOWN:  # of encode 1, only a lower bound is known
            self._correction = SizeCorrection()
        self._correction.add(self._predicted(attempt.settings), attempt.bytes)

    def _expected(self, settings: EncodeSettings) -> float:
        """The sample's prediction, corrected by earlier results; the recipe's own is known not to fit."""
        if settings == self._plain:
            return self._target_bytes + 1
        return self._correction.corrected(self._predicted(settings))

    def _predicted(self, settings: EncodeSettings) -> Prediction:
        if settings not in self._predictions:
            remaining = 1 - self._reporter.fraction
            self._reporter.at("optimising", 1 - remaining * _AFTER_SAMPLE)
            sampling, sizes = sampling_of(self._recipe.format), self._trials.sizes
            max_px = _SAMPLE_PX * sampling.times
            self._predictions[settings] = predicted(self._clip, settings, sizes, sampling, max_px=max_px)
        return self._predictions[settings]

    def _whole(self, settings: EncodeSettings) -> _Attempt:
        begin, count = self._reporter.fraction, self._clip.count(settings)

        def on_frame(done: int) -> None:
            self._reporter.at("optimising", begin + (1 - begin) / 2 * done / count)

        return self._attempt(settings, self._clip.frames(settings), self._limits.max_gif_bytes, on_frame)

    def _attempt(
        self, settings: EncodeSettings, frames: Iterable[Frame], max_bytes: int, on_frame: OnFrame
    ) -> _Attempt:
        self._encodes += 1
        path = self._directory / str(self._encodes)
        return _Attempt(settings, path, self._trials.write(frames, path, settings, max_bytes, on_frame))

    def _read(self) -> Iterator[Frame]:
        """The frames that have not been read yet; each is cached."""
        begin, count = self._reporter.fraction, len(self._rendering.delays_cs)
        for frame in self._clip.keep(self._rendering.frames):
            self._reporter.at("reading", begin + (_READ - begin) * len(self._clip) / count)
            yield frame

    def fitted(self, best: _Attempt) -> Fitted:
        before, after = self._stats(self._plain), self._stats(best.settings)
        notes = () if before == after else (given_up(self._target_bytes, before, after),)
        duration_cs = self._clip.duration_cs(best.settings)
        return Fitted(best.written._replace(duration_cs=duration_cs, notes=notes), self._encodes)

    def _stats(self, settings: EncodeSettings) -> GifStats:
        duration_s = self._clip.duration_cs(settings) / 100
        fps = self._clip.count(settings) / duration_s
        return GifStats(settings.lossy, settings.colours, fps, *self._trials.sides(settings), duration_s)


def _ignore(_frames: int) -> None:
    """The `on_frame` of the recipe's own encode, whose progress is that of reading."""


def _aims() -> Iterator[float]:
    """Shares of the target to aim at; if predictions turn out extremely wrong, ever smaller ones."""
    yield from _AIMS
    for tries in itertools.count(1):
        yield _AIMS[-1] * 0.8**tries
