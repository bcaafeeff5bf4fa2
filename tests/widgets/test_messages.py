"""Messages that our scripts never send are dropped with a log line, and the widgets keep working."""

import logging
from typing import Any

import pytest

from gifapp.domain.recipes.recipe import Crop
from gifapp.widgets.dashboard.drafts import Drafts
from gifapp.widgets.dashboard.editor import StageMessage
from gifapp.widgets.dashboard.gallery import CardMessage, Gallery
from gifapp.widgets.dashboard.upload import UploadMessage
from gifapp.widgets.login import Login
from gifapp.widgets.operations.panel import Panel
from gifapp.widgets.reporting import Reporter

DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]

HOSTILE: list[Any] = [
    *(None, True, 0, -1, 1e308, float("nan"), "", "x" * 1_000_000, b"\0", [], [{}], {}, DEEP),
    *({"type": None}, {"type": []}, {"type": {"type": "ready"}}, {"type": 1}, {"type": "x" * 1_000_000}),
    *(
        {"type": "share", "id": {"$gt": ""}},
        {"type": "cancel", "id": 7},
        {"type": "cancel", "id": "x" * 1000},
    ),
    *({"type": "share", "id": "a", "days": 1e308}, {"type": "share", "id": "a", "days": 10**400}),
    *({"type": "revoke", "id": "a", "share": ["a"]}, {"type": "token", "upload": {"a": 1}, "of": []}),
    *({"type": "hours", "of": "long"}, {"type": "hours", "of": float("inf")}, {"type": "hours", "of": {}}),
    *(
        {"type": "restore", "recipes": [], "of": {}},
        {"type": "restore", "recipes": {"a": DEEP}, "selected": 1},
    ),
    *({"type": "crop", "crop": {"x_px": "a"}, "of": []}, {"email": ["a"], "password": {"a": "b"}}),
]


@pytest.fixture
def done() -> list[Any]:
    """The actions that widgets requested."""
    return []


@pytest.fixture
def widgets(done: list[Any]) -> list[Any]:
    reporter = Reporter(done.append)

    def act(*arguments: Any) -> Any:
        done.append(arguments)
        return {}

    return [
        Gallery(
            "http://here",
            on_action=act,
            on_rename=act,
            on_batch=act,
            on_query=act,
            on_share=act,
            reporter=reporter,
        ),
        Panel("tables", on_action=act, reporter=reporter),
        Drafts(act),
        Login("http://127.0.0.1:9"),
    ]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_malformed_message_is_dropped(
    widgets: list[Any], done: list[Any], content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for widget in widgets:
        for _ in range(3):
            widget._receive(widget, content, [])
    loud = [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR or record.exc_info
    ]
    assert loud == []
    assert sum(len(record.getMessage()) for record in caplog.records) < 10_000
    assert [action for action in done if len(str(action)) > 1000] == []


def test_messages_of_our_scripts_are_accepted() -> None:
    assert CardMessage.model_validate({"type": "share", "id": "a", "days": 30}).days == 30
    assert CardMessage.model_validate({"type": "query", "query": {"state": "dead"}}).query.state == "dead"
    assert UploadMessage.model_validate({"type": "token", "upload": 3}).upload == 3
    drawn = {"x_px": 1, "y_px": 2, "width_px": 3, "height_px": 4}
    assert StageMessage.model_validate({"type": "crop", "crop": drawn}).crop == Crop(**drawn)
    assert StageMessage.model_validate({"type": "crop", "crop": None}).crop is None
