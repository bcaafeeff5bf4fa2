from typing import Any

import pytest
from mongoengine.dereference import DeReference

from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db.documents import JobDocument


def test_mongoengine_does_not_dereference_recipes(job: JobView, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*_: Any, **__: Any) -> None:
        raise AssertionError("it looked for references")

    monkeypatch.setattr(DeReference, "__call__", look)
    assert JobDocument.objects.get(id=job.id).recipe == job.recipe.model_dump(mode="json")


def test_mongoengine_does_not_convert_recipes() -> None:
    values = {"captions": [{"text": "hello"}]}
    assert JobDocument.recipe.to_python(values) is values
