"""The progress bar of an upload and its conversion."""

from __future__ import annotations

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from gifapp.domain.job import JobState
from gifapp.domain.views.jobs import JobView
from gifapp.domain.wording import PHASES


def progress_bar() -> Progress:
    """A progress bar for terminals and notebooks."""
    return Progress(TextColumn("{task.description:<16}"), BarColumn(), TimeRemainingColumn())


def show(bar: Progress, task: TaskID, job: JobView) -> None:
    """Show the job's progress in the second half of the bar; the upload's is in the first."""
    words = PHASES[job.progress.phase] if job.state is JobState.RUNNING else "Waiting"
    bar.update(task, completed=0.5 + 0.5 * job.progress.fraction, description=words)
