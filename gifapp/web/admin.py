"""For administrators: the queue as a whole, the dead letters of everybody, the workers."""

from __future__ import annotations

from datetime import timedelta

from pydantic import ConfigDict, Field

from gifapp.domain.admin_views import OwnedJobView
from gifapp.domain.job import JobState
from gifapp.jobs.administration import Administration
from gifapp.web.base import AdministratorHandler
from gifapp.web.payloads import Query

_LONGEST_AGO_S = 100 * 365 * 86_400


class DeadLettersQuery(Query):
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)


class PurgeQuery(Query):
    model_config = ConfigDict(extra="forbid")  # a slip in the name of the bound must not purge all

    older_than_s: float = Field(0, ge=0, le=_LONGEST_AGO_S)


class _AdminHandler(AdministratorHandler):
    @property
    def administration(self) -> Administration:
        return self.parts.administration

    async def answer_job(self, job: OwnedJobView) -> None:
        [named] = await self.run_blocking(self.parts.identity.with_emails, [job])
        self.write_model(named)


class QueueHandler(_AdminHandler):
    """`GET`: how much there is to do, and whether it is done."""

    async def get(self) -> None:
        self.write_model(await self.run_blocking(self.administration.queue))


class PauseHandler(_AdminHandler):
    """`POST`: start no more jobs."""

    async def post(self) -> None:
        self.write_model(await self.run_blocking(self.administration.pause))


class ResumeHandler(_AdminHandler):
    """`POST`: start jobs again."""

    async def post(self) -> None:
        self.write_model(await self.run_blocking(self.administration.resume))


class WorkersHandler(_AdminHandler):
    """`GET`: the living workers."""

    async def get(self) -> None:
        found = await self.run_blocking(self.administration.workers)
        self.write({"workers": [one.model_dump(mode="json") for one in found]})


class StorageHandler(_AdminHandler):
    """`GET`: what the last comparison of storage and documents found."""

    async def get(self) -> None:
        found = await self.run_blocking(self.administration.storage)
        self.write({"storage": found and found.model_dump(mode="json")})


class DeadLettersHandler(_AdminHandler):
    """`GET`: all of them, newest first, a page at a time. `DELETE`: forget all, or the old ones."""

    async def get(self) -> None:
        asked = self.query(DeadLettersQuery)
        page = await self.run_blocking(
            self.administration.jobs, state=JobState.DEAD, limit=asked.limit, cursor=asked.cursor
        )
        named = await self.run_blocking(self.parts.identity.with_emails, page.jobs)
        letters = [one.model_dump(mode="json", exclude={"recipe"}) for one in named]
        self.write({"dead_letters": letters, "next_cursor": page.next_cursor})

    async def delete(self) -> None:
        older_than = timedelta(seconds=self.query(PurgeQuery).older_than_s)
        self.write_model(await self.run_blocking(self.administration.purge_all, older_than=older_than))


class RequeueAllHandler(_AdminHandler):
    """`POST`: try all of them again."""

    async def post(self) -> None:
        self.write_model(await self.run_blocking(self.administration.requeue_all))


class DeadLetterHandler(_AdminHandler):
    """`GET`, `DELETE`: one of them."""

    async def get(self, job_id: str) -> None:
        await self.answer_job(await self.run_blocking(self.administration.dead_letter, job_id))

    async def delete(self, job_id: str) -> None:
        await self.run_blocking(self.administration.purge, job_id)
        self.set_status(204)


class RequeueHandler(_AdminHandler):
    """`POST`: try it again, with all its attempts."""

    async def post(self, job_id: str) -> None:
        await self.answer_job(await self.run_blocking(self.administration.requeue, job_id))
