from datetime import UTC, datetime

from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, JobView

QUEUED = JobView(
    id="1",
    state=JobState.QUEUED,
    progress=Progress(),
    attempts=0,
    recipe=Recipe(),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def test_event_survives_serialisation_without_its_empty_fields() -> None:
    event = Event(cursor="1-0", type="job.changed", job=QUEUED)
    assert Event.model_validate(event.as_json()) == event
