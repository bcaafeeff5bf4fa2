"""Jobs: submit, list, rename, cancel, retry, delete, restore."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, WithJsonSchema

from gifapp import errors
from gifapp.domain.job import Priority
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobPage, JobView
from gifapp.web.http.base import PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import GivenRecipe, Headers, Moment, PageQuery, Payload, Renaming

_MAX_KEY_CHARACTERS = 200
RECIPE_BODY_BYTES = 2 * 1024 * 1024  # subtitles, and an image in base64
RECIPE_ERRORS = (
    errors.RecipeInvalid,
    errors.RangeOutsideSource,
    errors.CropOutsideSource,
    errors.SourceTooLong,
    errors.ClipTooManyPixels,
    errors.ClipFarFromKeyFrame,
)


def _key(key: str) -> str:
    if not (0 < len(key) <= _MAX_KEY_CHARACTERS and key.isprintable()):
        raise ValueError(f"must have 1 to {_MAX_KEY_CHARACTERS} printable characters")
    return key


class Submission(Payload):
    source_id: str = Field(max_length=100)
    recipe: GivenRecipe = Recipe()
    priority: Priority = "normal"
    run_at: Moment | None = None


Key = Annotated[
    str,
    AfterValidator(_key),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": _MAX_KEY_CHARACTERS}),
]


class SubmissionHeaders(Headers):
    idempotency_key: Key | None = Field(
        None,
        alias="Idempotency-Key",
        description="A repeat submission with the same key returns the same job.",
    )


class JobsQuery(PageQuery, JobQuery):
    """A page of a filtered and sorted list."""


class _JobsHandler(PrivateHandler):
    def signed(self, job: JobView) -> JobView:
        """The job with signed URLs for its owner, the caller."""
        return self.parts.media.job(job, self.user.user_id)


class JobsHandler(_JobsHandler):
    max_body_bytes = RECIPE_BODY_BYTES
    limited_as: ClassVar = {"POST": "submits"}

    @operation("List my jobs, filtered, sorted and paged", has_etag=True)
    async def get(self, query: JobsQuery) -> JobPage:
        """Recipes in the list omit subtitles and overlay; a single job includes them."""
        page = await self.run_blocking(
            self.parts.services.jobs.page,
            self.user.user_id,
            query,
            limit=query.limit,
            cursor=query.cursor,
        )
        return self.parts.media.jobs(page, self.user.user_id)

    @operation(
        "Submit a job",
        status=201,
        also={200: "The existing job for this GIF or idempotency key."},
        response_headers=["Location"],
        raises=[*RECIPE_ERRORS, errors.NotFound, errors.QuotaExceeded, errors.TooManyJobs],
    )
    async def post(self, body: Submission, headers: SubmissionHeaders) -> JobView:
        job = await self.run_blocking(
            self.parts.services.submission.submit,
            self.user.user_id,
            body.source_id,
            body.recipe,
            priority=body.priority,
            run_at=body.run_at,
            idempotency_key=headers.idempotency_key,
        )
        if job.is_repeat:
            self.set_status(200)
        self.set_header("Location", f"/api/v1/jobs/{job.id}")
        return self.signed(job)


class JobHandler(_JobsHandler):
    @operation("Get one of my jobs", has_etag=True)
    async def get(self, job_id: str) -> JobView:
        return self.signed(await self.run_blocking(self.parts.services.jobs.find, self.user.user_id, job_id))

    @operation("Rename a job's GIF")
    async def patch(self, job_id: str, body: Renaming) -> JobView:
        """The file is then downloaded under that name; the video's own name restores the default."""
        rename = self.parts.services.jobs.rename
        return self.signed(await self.run_blocking(rename, self.user.user_id, job_id, body.name))

    @operation("Delete a job and its GIF; an unfinished job is cancelled")
    async def delete(self, job_id: str) -> None:
        """Its share links stop working at once. For 30 seconds, it can be restored."""
        await self.run_blocking(self.parts.services.jobs.delete, self.user.user_id, job_id)


class CancelHandler(_JobsHandler):
    @operation("Cancel a job", raises=[errors.MoveNotAllowed])
    async def post(self, job_id: str) -> JobView:
        return self.signed(
            await self.run_blocking(self.parts.services.jobs.cancel, self.user.user_id, job_id)
        )


class RetryHandler(_JobsHandler):
    limited_as: ClassVar = {"POST": "submits"}

    @operation(
        "Run a job again with the same recipe",
        raises=[errors.MoveNotAllowed, errors.JobRepeated, errors.QuotaExceeded],
    )
    async def post(self, job_id: str) -> JobView:
        return self.signed(
            await self.run_blocking(self.parts.services.submission.retry, self.user.user_id, job_id)
        )


class RestoreHandler(_JobsHandler):
    @operation("Undo the deletion of a job")
    async def post(self, job_id: str) -> JobView:
        """404 once it was purged, which happens about 30 seconds after the deletion."""
        return self.signed(
            await self.run_blocking(self.parts.services.jobs.restore, self.user.user_id, job_id)
        )
