import ast
import os
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.client.scripted_service import ScriptedService

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "dashboard.ipynb"


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedService]:
    service = ScriptedService()
    user = {"id": "1", "email": "ada@example.com", "role": "user"}
    service.answers["kernel/token"] = (200, {"access_token": "a token", "expires_in": 900, "user": user})
    yield service
    await service.stop()


async def test_dashboard_belongs_to_the_kernels_owner(scripted: ScriptedService) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import asyncio; await asyncio.sleep(0.5)"))
    environment = os.environ | {"GIFAPP_URL": scripted.url, "GIFAPP_KERNEL_TOKEN": "of the kernel"}
    executed = await NotebookClient(notebook, timeout=60).async_execute(env=environment)
    assert "application/vnd.jupyter.widget-view+json" in executed.cells[0].outputs[0].data
    assert scripted.tokens == ["Bearer a token"]


def test_notebook_is_two_lines_without_logic() -> None:
    (cell,) = nbformat.read(NOTEBOOK, as_version=4).cells
    assert len(ast.parse(cell.source).body) == 2
    assert cell.outputs == []
