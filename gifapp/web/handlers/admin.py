"""For administrators: the queue, failed jobs of all owners, workers."""

from __future__ import annotations

from datetime import timedelta

from pydantic import ConfigDict, Field

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.views.administration import (
    ComparisonView,
    DeadLetterPage,
    OwnedJobView,
    PurgedView,
    QueueView,
    RequeuedView,
    WorkersView,
)
from gifapp.domain.views.statistics import StatisticsView
from gifapp.jobs.services.administration import Administration
from gifapp.web.http.base import AdministratorHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import PageQuery, Query

_MAX_AGE_S = 100 * 365 * 86_400


class PurgeQuery(Query):
    model_config = ConfigDict(extra="forbid")  # a typo in the parameter's name must not purge everything

    older_than_s: float = Field(0, ge=0, le=_MAX_AGE_S)


class _AdminHandler(AdministratorHandler):
    @property
    def administration(self) -> Administration:
        return self.parts.services.administration

    async def named(self, job: OwnedJobView) -> OwnedJobView:
        """The job with its owner's email address."""
        [named] = await self.run_blocking(self.parts.identity.with_emails, [job])
        return named


class QueueHandler(_AdminHandler):
    @operation("The state of the queue")
    async def get(self) -> QueueView:
        return await self.run_blocking(self.administration.queue)


class PauseHandler(_AdminHandler):
    @operation("Pause the queue; running jobs continue")
    async def post(self) -> QueueView:
        return await self.run_blocking(self.administration.pause)


class ResumeHandler(_AdminHandler):
    @operation("Resume the queue")
    async def post(self) -> QueueView:
        return await self.run_blocking(self.administration.resume)


class WorkersHandler(_AdminHandler):
    @operation("List the running workers")
    async def get(self) -> WorkersView:
        return WorkersView(workers=await self.run_blocking(self.administration.workers))


class StorageHandler(_AdminHandler):
    @operation("The result of the last storage check")
    async def get(self) -> ComparisonView:
        return ComparisonView(storage=await self.run_blocking(self.administration.storage))


class StatisticsQuery(Query):
    hours: float = Field(24, ge=0.1, le=24 * 366)


class StatisticsHandler(_AdminHandler):
    @operation("Statistics of a recent period")
    async def get(self, query: StatisticsQuery) -> StatisticsView:
        statistics = await self.run_blocking(self.administration.statistics, timedelta(hours=query.hours))
        named = await self.run_blocking(self.parts.identity.with_emails, statistics.slowest)
        return statistics.model_copy(update={"slowest": named})


class DeadLettersHandler(_AdminHandler):
    @operation("List everyone's dead letters, latest first, paged")
    async def get(self, query: PageQuery) -> DeadLetterPage:
        page = await self.run_blocking(
            self.administration.jobs, state=JobState.DEAD, limit=query.limit, cursor=query.cursor
        )
        named = await self.run_blocking(self.parts.identity.with_emails, page.jobs)
        return DeadLetterPage(dead_letters=named, next_cursor=page.next_cursor)

    @operation("Delete all dead letters, or those before a time")
    async def delete(self, query: PurgeQuery) -> PurgedView:
        older_than = timedelta(seconds=query.older_than_s)
        return await self.run_blocking(self.administration.purge_all, older_than=older_than)


class RequeueAllHandler(_AdminHandler):
    @operation("Requeue all dead letters")
    async def post(self) -> RequeuedView:
        return await self.run_blocking(self.administration.requeue_all)


class DeadLetterHandler(_AdminHandler):
    @operation("Get a dead letter")
    async def get(self, job_id: str) -> OwnedJobView:
        return await self.named(await self.run_blocking(self.administration.dead_letter, job_id))

    @operation("Delete a dead letter")
    async def delete(self, job_id: str) -> None:
        await self.run_blocking(self.administration.purge, job_id)


class RequeueHandler(_AdminHandler):
    @operation(
        "Requeue a dead letter with a full set of attempts", raises=[errors.SourceGone, errors.JobRepeated]
    )
    async def post(self, job_id: str) -> OwnedJobView:
        return await self.named(await self.run_blocking(self.administration.requeue, job_id))
