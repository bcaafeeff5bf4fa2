from collections.abc import Callable

import pytest

from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import upload_as_people_do


@pytest.fixture
def upload_and_probe(parts: JobParts, video: bytes) -> Callable[..., SourceView]:
    """Uploads a video by all the steps of the service; `upload` adds one that was probed before."""

    def upload(owner: str = "ann", data: bytes = video, name: str = "clip.mp4") -> SourceView:
        return upload_as_people_do(parts, owner, data, name)

    return upload
