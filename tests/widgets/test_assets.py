import re

import anywidget
import pytest

import gifapp.widgets.dashboard.dashboard
import gifapp.widgets.login
import gifapp.widgets.operations.operations  # noqa: F401
from gifapp.widgets.assets import script

WIDGETS = [
    widget
    for widget in anywidget.AnyWidget.__subclasses__()
    if widget.__module__.startswith("gifapp.")  # loaded by the imports above
]


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_widgets_module_is_complete(widget: type[anywidget.AnyWidget]) -> None:
    code = str(widget._esm)
    assert not re.search(r"^\s*import\b", code, re.MULTILINE)
    assert re.findall(r"^export .*", code, re.MULTILINE) == ["export default { render };"]


def test_file_imported_by_several_is_joined_once_and_before_them() -> None:
    code = str(script("dashboard/gallery"))
    parts = ["function make(", "class Viewer {", "class Card {", "class Sharer {", "class Gallery {"]
    assert [code.count(part) for part in parts] == [1, 1, 1, 1, 1]
    assert sorted(parts, key=code.index) == parts


def test_every_widget_is_checked() -> None:
    assert len(WIDGETS) >= 14
