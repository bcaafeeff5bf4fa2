from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gifapp.client import Client
from gifapp.client.uploading import CHUNK_BYTES
from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.domain.views.jobs import JobView
from tests.client.scripted_service import ScriptedService
from tests.support.clips import real_clip
from tests.support.service import RunningService, running_service

SHORT = Recipe(segments=(Segment(start_s=1, end_s=2),), width_px=160)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedService]:
    service = ScriptedService()
    yield service
    await service.stop()


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def service(directory: Path) -> Iterator[RunningService]:
    with running_service(directory) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[Client]:
    with service.sign_up("ada@example.com") as signed_in:
        yield signed_in


@pytest.fixture
def later(client: Client) -> JobView:
    """A job scheduled for later."""
    source = client.upload(real_clip())
    recipe = SHORT.model_copy(update={"subtitles": "WEBVTT\n\n00:00.000 --> 00:01.000\nHello"})
    return client.submit(source.id, recipe, run_at=datetime.now(UTC) + timedelta(hours=2))


def several_chunks() -> bytes:
    """A video of several chunks: a clip followed by zeros that no decoder reads."""
    return real_clip().read_bytes() + bytes(2 * CHUNK_BYTES)


def unfinished(directory: Path) -> list[Path]:
    """The unfinished uploads of the service in this directory."""
    facts = (directory / "data" / "storage" / "uploads").glob("*/*/upload.json")
    return [path for path in facts if '"source_id":null' in path.read_text()]
