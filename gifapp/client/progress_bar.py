"""The progress bar of an upload and its conversion."""

from __future__ import annotations

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column

from gifapp.domain.job import JobState
from gifapp.domain.views.jobs import JobView
from gifapp.domain.wording import PHASES


def progress_bar() -> Progress:
    """A progress bar for terminals and notebooks, with a line for each video."""
    name = Column(max_width=30, no_wrap=True, overflow="ellipsis")
    return Progress(
        TextColumn("{task.fields[name]}", markup=False, table_column=name),
        TextColumn("{task.description:<16}"),
        BarColumn(),
        TimeRemainingColumn(),
    )


def add_line(bar: Progress, name: str) -> TaskID:
    """A line for another video."""
    return bar.add_task("Uploading", total=1.0, name=name)


def show_upload(bar: Progress, task: TaskID, sent_bytes: int, size_bytes: int) -> None:
    """Show the upload's progress in the first half of the bar."""
    bar.update(task, completed=0.5 * sent_bytes / max(1, size_bytes))


def show(bar: Progress, task: TaskID, job: JobView) -> None:
    """Show the job's progress in the second half of the bar."""
    words = PHASES[job.progress.phase] if job.state is JobState.RUNNING else "Waiting"
    bar.update(task, completed=0.5 + 0.5 * job.progress.fraction, description=words)
