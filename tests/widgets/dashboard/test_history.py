import pytest

from gifapp.domain.recipes.parts import Look
from gifapp.domain.recipes.recipe import Recipe
from gifapp.widgets.dashboard.history import MAX_STEPS, SAME_CHANGE_S, History
from tests.support.fakes import Clock
from tests.support.frames import edits


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def history(clock: Clock) -> History:
    return History(Recipe(), clock)


def note(history: History, clock: Clock, *recipes: Recipe, after_s: float = 2 * SAME_CHANGE_S) -> None:
    for recipe in recipes:
        clock.now += after_s
        history.note(recipe)


def test_changes_are_undone_and_redone_in_order(history: History, clock: Clock) -> None:
    steps = [Recipe(width_px=width) for width in (100, 200, 300)]
    note(history, clock, *steps)
    assert [history.undo() for _ in range(4)] == [steps[1], steps[0], Recipe(), Recipe()]
    assert not history.can_undo
    assert [history.redo() for _ in range(4)] == [*steps, steps[2]]
    assert not history.can_redo


def test_change_after_an_undo_replaces_the_redo_steps(history: History, clock: Clock) -> None:
    note(history, clock, Recipe(width_px=100), Recipe(width_px=200))
    history.undo()
    note(history, clock, Recipe(fps=5.0))
    assert not history.can_redo
    assert history.undo() == Recipe(width_px=100)


def test_unchanged_recipe_is_no_step(history: History, clock: Clock) -> None:
    note(history, clock, Recipe(), Recipe())
    assert not history.can_undo
    note(history, clock, Recipe(width_px=100))
    note(history, clock, history.undo())
    assert history.can_redo


def test_each_change_of_frames_is_a_step_however_quick(history: History, clock: Clock) -> None:
    steps = [Recipe(frames=edits(*range(count))) for count in (3, 2)]
    note(history, clock, *steps, after_s=0.1)
    assert [history.undo(), history.undo()] == [steps[0], Recipe()]


def test_dragging_a_slider_is_one_step(history: History, clock: Clock) -> None:
    dragged = [Recipe(look=Look(gamma=1 + number / 10)) for number in range(1, 9)]
    note(history, clock, *dragged, after_s=0.2)
    note(history, clock, Recipe(look=Look(gamma=1.8, contrast=2.0)), after_s=0.2)
    assert history.undo() == dragged[-1]
    assert history.undo() == Recipe()


def test_later_change_of_the_same_field_is_another_step(history: History, clock: Clock) -> None:
    note(history, clock, Recipe(width_px=100), Recipe(width_px=200))
    assert history.undo() == Recipe(width_px=100)


def test_oldest_steps_are_forgotten(history: History, clock: Clock) -> None:
    note(history, clock, *(Recipe(width_px=width) for width in range(1, MAX_STEPS + 50)))
    undone = 0
    while history.can_undo:
        history.undo()
        undone += 1
    assert undone == MAX_STEPS - 1
