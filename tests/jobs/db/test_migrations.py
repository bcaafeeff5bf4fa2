"""Documents of older versions are migrated."""

from collections.abc import Callable

import mongoengine

from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.recipe import Caption, Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import ALIAS, JobDocument
from gifapp.jobs.db.migrations import SCHEMA_VERSION, migrate, schema_version
from gifapp.jobs.parts import JobParts


def test_jobs_of_an_older_version_become_searchable(
    parts: JobParts, upload: Callable[..., SourceView]
) -> None:
    captioned = Recipe(captions=(Caption(text="HÉLLO"),))
    job = parts.submission.submit("ann", upload(name="Bunny.mp4").id, captioned)
    JobDocument.objects.update(unset__searched_text=True)
    database = mongoengine.get_db(ALIAS)
    database["schema"].update_one({}, {"$set": {"version": 1}})
    assert parts.jobs.page("ann", JobQuery(search="bunny")).jobs == []
    for _ in range(2):
        migrate(database)
        assert schema_version(database) == SCHEMA_VERSION
        [migrated] = parts.jobs.page("ann", JobQuery(search="bunny héllo")).jobs
        assert migrated.id == job.id
