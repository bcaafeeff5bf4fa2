import ast
import json
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.client.scripted_service import ScriptedService
from tests.widgets.operations.test_operations import ScriptedAdministrator

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "operations.ipynb"


async def test_operations_page_belongs_to_the_kernels_owner() -> None:
    scripted, administrator = ScriptedService(), ScriptedAdministrator()
    user = {"id": "1", "email": "ada@example.com", "role": "administrator"}
    scripted.answers |= {
        "kernel/token": (200, {"access_token": "a token", "expires_in": 900, "user": user}),
        "admin/queue": (200, json.loads(administrator.queue().model_dump_json())),
        "admin/workers": (200, {"workers": []}),
        "admin/statistics": (200, json.loads(administrator.statistics(hours=24).model_dump_json())),
        "admin/dead-letters": (200, {"dead_letters": [], "next_cursor": None}),
        "admin/links": (200, {"links": [], "next_cursor": None}),
        "admin/storage": (200, {"storage": None}),
    }
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = os.environ | {"GIFAPP_URL": scripted.url, "GIFAPP_KERNEL_TOKEN": "of the kernel"}
    executed = await NotebookClient(notebook, timeout=60).async_execute(env=environment)
    await scripted.stop()
    assert "application/vnd.jupyter.widget-view+json" in executed.cells[0].outputs[0].data
    assert set(scripted.asked) == scripted.answers.keys() - {"limits", "jobs", "sources"}


def test_notebook_is_two_lines_without_logic() -> None:
    (cell,) = nbformat.read(NOTEBOOK, as_version=4).cells
    assert len(ast.parse(cell.source).body) == 2
    assert cell.outputs == []
