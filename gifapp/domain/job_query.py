"""Which jobs a list shows, and in which order. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.views.jobs import JobView

JobSort = Literal["newest", "oldest", "largest", "longest"]

MAX_SEARCHED = 2000
"""How many characters of a job's names and captions are searched."""


class JobQuery(BaseModel):
    """The filters and the order of a list of jobs; the default is all jobs, newest first."""

    model_config = ConfigDict(frozen=True)

    search: str = Field(
        "",
        max_length=200,
        description="Words that must all be in the name or the captions; parts of words match, in any case.",
    )
    state: JobState | None = Field(None, description="Only jobs in this state.")
    format: Format | None = Field(None, description="Only jobs that make this format.")
    source_id: str | None = Field(None, max_length=100, description="Only jobs of this video.")
    sort: JobSort = Field(
        "newest", description="By creation time, or by the finished file's size or duration, largest first."
    )

    @property
    def words(self) -> list[str]:
        return _folded(self.search).split()

    @property
    def is_filtered(self) -> bool:
        """Whether some jobs may be left out."""
        return bool(self.words or self.state or self.format or self.source_id)

    def matches(self, job: JobView) -> bool:
        """Whether the job is in the list."""
        names = [job.source.name, job.name] if job.source else [job.name]
        searched = searched_text(names, job.recipe)
        return (
            self.state in (None, job.state)
            and self.format in (None, job.recipe.format)
            and self.source_id in (None, job.source and job.source.id)
            and all(word in searched for word in self.words)
        )

    def rank(self, job: JobView) -> float:
        """The job's place in the list: the lowest is first."""
        created_s = job.created_at.timestamp()
        match self.sort:
            case "newest":
                return -created_s
            case "oldest":
                return created_s
            case "largest":
                return -job.gif.bytes if job.gif else 0
            case "longest":
                return -job.gif.duration_s if job.gif else 0


def searched_text(names: Iterable[str], recipe: Recipe) -> str:
    """The text in which a job is searched for: its names and captions, folded."""
    captions = [caption.text for caption in recipe.captions]
    return _folded("\n".join([*names, *captions]))[:MAX_SEARCHED]


def _folded(text: str) -> str:
    """The text without differences of case or width, and without control characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(c if c.isprintable() else " " for c in folded)
