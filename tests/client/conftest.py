from collections.abc import AsyncIterator, Iterator

import pytest

from gifapp.client import Client
from tests.client.scripted_service import ScriptedService
from tests.support.service import RunningService, running_service


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedService]:
    service = ScriptedService()
    yield service
    await service.stop()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: RunningService) -> Iterator[Client]:
    with service.sign_up("ada@example.com") as signed_in:
        yield signed_in
