from gifapp.domain.job import JobState
from gifapp.domain.views.jobs import Event
from gifapp.widgets.dashboard.state import DashboardState
from tests.widgets.scripted import a_job, a_source


def test_jobs_and_sources_are_newest_first() -> None:
    state = DashboardState()
    for view in (a_job(1), a_job(3), a_job(2), a_source(1), a_source(2)):
        state.put(view)
    assert [job.id for job in state.jobs] == ["job-3", "job-2", "job-1"]
    assert [source.id for source in state.sources] == ["source-2", "source-1"]


def test_event_replaces_its_job() -> None:
    state = DashboardState()
    state.put(a_job(1))
    state.apply(Event(cursor="1-0", type="job.changed", job=a_job(1, JobState.RUNNING)))
    assert [job.state for job in state.jobs] == [JobState.RUNNING]


def test_items_deleted_elsewhere_are_removed() -> None:
    state = DashboardState()
    for view in (a_job(1), a_source(1), a_source(2)):
        state.put(view)
    state.apply(Event(cursor="1-0", type="job.deleted", id="job-1"))
    state.apply(Event(cursor="2-0", type="source.deleted", id="source-1"))
    assert state.jobs == []
    assert [source.id for source in state.sources] == ["source-2"]


def test_repeated_deletion_is_no_error() -> None:
    state = DashboardState()
    state.apply(Event(cursor="1-0", type="job.deleted", id="job-1"))
    assert state.jobs == []


def test_new_source_is_found_by_its_id() -> None:
    state = DashboardState()
    state.apply(Event(cursor="1-0", type="source.created", source=a_source(7)))
    assert state.source("source-7") == a_source(7)
    assert state.source("source-8") is None
    assert state.source(None) is None
