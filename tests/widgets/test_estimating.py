import asyncio
import threading

from gifapp import errors
from gifapp.domain.recipe import Recipe
from gifapp.widgets.estimating import PAUSE_S, Estimating

SLOW, FAST = Recipe(fps=5.0), Recipe(fps=50.0)


class Service:
    """Answers with the frame rate as bytes, when it is let."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.may_answer = threading.Event()
        self.may_answer.set()

    def estimate(self, source_id: str, recipe: Recipe) -> int:  # noqa: ARG002
        self.asked.append(recipe.fps)
        self.may_answer.wait(5)
        if recipe == FAST:
            raise errors.SourceGone
        return int(recipe.fps)


async def test_only_the_newest_question_is_asked_and_once() -> None:
    service, shown = Service(), list[int | None]()
    estimating = Estimating(service.estimate, shown.append)
    for fps in (7.0, 8.0, 5.0):
        assert estimating.want("source-1", Recipe(fps=fps))
    await asyncio.sleep(PAUSE_S * 2.5)
    assert (service.asked, shown) == ([5.0], [5])
    assert not estimating.want("source-1", SLOW)


async def test_an_answer_that_comes_too_late_is_not_shown() -> None:
    service, shown = Service(), list[int | None]()
    estimating = Estimating(service.estimate, shown.append)
    service.may_answer.clear()
    estimating.want("source-1", Recipe(fps=7.0))
    await asyncio.sleep(PAUSE_S * 1.5)
    estimating.want("source-1", SLOW)
    service.may_answer.set()
    await asyncio.sleep(PAUSE_S * 2)
    assert (service.asked, shown) == ([7.0, 5.0], [5])


async def test_a_question_without_an_answer_shows_nothing() -> None:
    shown: list[int | None] = []
    Estimating(Service().estimate, shown.append).want("source-1", FAST)
    await asyncio.sleep(PAUSE_S * 1.5)
    assert shown == [None]
