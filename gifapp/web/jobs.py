"""Jobs: submitted, listed, cancelled, retried, deleted."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from gifapp import errors
from gifapp.domain.job import JobState, Priority
from gifapp.domain.recipe import Recipe
from gifapp.domain.views import JobView
from gifapp.web.base import PrivateHandler
from gifapp.web.payloads import Moment, Payload, Query

_MOST_KEY_CHARACTERS = 200
RECIPE_BODY_BYTES = 2 * 1024 * 1024  # subtitles, and a picture in base64


class Submission(Payload):
    source_id: str = Field(max_length=100)
    recipe: dict[str, Any] = Field(default_factory=dict)
    priority: Priority = "normal"
    run_at: Moment | None = None


class JobsQuery(Query):
    state: JobState | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)


class _JobsHandler(PrivateHandler):
    def answer_job(self, job: JobView) -> None:
        self.write_model(self.parts.media.job(job, self.user.user_id))


class JobsHandler(_JobsHandler):
    """`GET`: my jobs, newest first, a page at a time. `POST`: one more."""

    max_body_bytes = RECIPE_BODY_BYTES
    limited_as: ClassVar = {"POST": "submits"}

    async def get(self) -> None:
        asked = self.query(JobsQuery)
        page = await self.run_blocking(
            self.parts.service.jobs,
            self.user.user_id,
            state=asked.state,
            limit=asked.limit,
            cursor=asked.cursor,
        )
        signed = [self.parts.media.job(job, self.user.user_id) for job in page.jobs]
        jobs = [job.model_dump(mode="json") for job in signed]
        self.write({"jobs": jobs, "next_cursor": page.next_cursor})

    async def post(self) -> None:
        given = self.json_body(Submission)
        job = await self.run_blocking(
            self.parts.service.submit,
            self.user.user_id,
            given.source_id,
            Recipe.parse(given.recipe),
            priority=given.priority,
            run_at=given.run_at,
            idempotency_key=self._idempotency_key(),
        )
        self.set_status(200 if job.is_repeat else 201)
        self.set_header("Location", f"/api/v1/jobs/{job.id}")
        self.answer_job(job)

    def _idempotency_key(self) -> str | None:
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not (0 < len(key) <= _MOST_KEY_CHARACTERS and key.isprintable()):
            problem = f"it must have 1 to {_MOST_KEY_CHARACTERS} printable characters"
            raise errors.FieldInvalid(field="Idempotency-Key", problem=problem)
        return key


class JobHandler(_JobsHandler):
    """`GET`, `DELETE`: one of my jobs."""

    async def get(self, job_id: str) -> None:
        self.answer_job(await self.run_blocking(self.parts.service.job, self.user.user_id, job_id))

    async def delete(self, job_id: str) -> None:
        await self.run_blocking(self.parts.service.delete, self.user.user_id, job_id)
        self.set_status(204)


class CancelHandler(_JobsHandler):
    """`POST`: stop it."""

    async def post(self, job_id: str) -> None:
        self.answer_job(await self.run_blocking(self.parts.service.cancel, self.user.user_id, job_id))


class RetryHandler(_JobsHandler):
    """`POST`: once more, with the same recipe."""

    limited_as: ClassVar = {"POST": "submits"}

    async def post(self, job_id: str) -> None:
        self.answer_job(await self.run_blocking(self.parts.service.retry, self.user.user_id, job_id))
