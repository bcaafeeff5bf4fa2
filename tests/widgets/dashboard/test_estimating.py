import asyncio
import threading

from gifapp import errors
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView
from gifapp.widgets.dashboard.estimating import PAUSE_S, Estimating, Result

SLOW, FAST = Recipe(fps=5.0), Recipe(fps=50.0)


class Service:
    """Answers with the frame rate as bytes, when the test lets it."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def estimate(self, source_id: str, recipe: Recipe) -> EstimateView:  # noqa: ARG002
        assert recipe.fps is not None
        self.asked.append(recipe.fps)
        self.may_answer.wait(5)
        if recipe == FAST:
            raise errors.SourceGone
        return about(int(recipe.fps))


def about(count_bytes: int) -> EstimateView:
    return EstimateView(bytes=count_bytes, frames=1, width_px=1, height_px=1)


async def test_only_the_newest_estimate_is_requested_once() -> None:
    service, shown = Service(), list[Result]()
    estimating = Estimating(service.estimate, shown.append)
    for fps in (7.0, 8.0, 5.0):
        assert estimating.request("source-1", Recipe(fps=fps))
    await asyncio.sleep(PAUSE_S * 2.5)
    assert (service.asked, shown) == ([5.0], [about(5)])
    assert not estimating.request("source-1", SLOW)


async def test_late_estimate_is_not_shown() -> None:
    service, shown = Service(), list[Result]()
    estimating = Estimating(service.estimate, shown.append)
    service.may_answer.clear()
    estimating.request("source-1", Recipe(fps=7.0))
    await asyncio.sleep(PAUSE_S * 1.5)
    estimating.request("source-1", SLOW)
    service.may_answer.set()
    await asyncio.sleep(PAUSE_S * 2)
    assert (service.asked, shown) == ([7.0, 5.0], [about(5)])


async def test_failed_estimate_shows_why() -> None:
    shown: list[Result] = []
    Estimating(Service().estimate, shown.append).request("source-1", FAST)
    await asyncio.sleep(PAUSE_S * 1.5)
    assert [type(answer) for answer in shown] == [errors.SourceGone]
