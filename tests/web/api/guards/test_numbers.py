"""Every numeric field rejects NaN, infinity and huge numbers, and the error names the field."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from gifapp.domain.views.jobs import SourceView
from tests.web.api.conftest import Person
from tests.web.api.documented import DOCUMENT

HUGE = "1" + "0" * 400
REFUSED_IN_FIELDS = ["1e308", "-1e308", "1.7976931348623157e308", HUGE, f"-{HUGE}", str(2**63), "1e30", "-1"]
REFUSED_AS_JSON = ["1e999", "-1e999", "1" + "0" * 5000, "NaN", "-Infinity", "0x10", "1e", "+1", "01"]
TINY = ["1e-320", "5e-324", "-0.0", "-0", "0.0", "1e-9"]

Schema = dict[str, Any]


class Field(NamedTuple):
    """A numeric field of a body by its path; `0` stands for the first item of a list."""

    operation: str
    steps: tuple[str | int, ...]
    schema: Schema

    @property
    def name(self) -> str:
        return ".".join(map(str, self.steps))

    def body(self, number: str, **others: Any) -> str:
        """A body with this number in the field, and the other required fields."""
        marked: Any = "the number"
        for step in reversed(self.steps):
            marked = [marked] if isinstance(step, int) else {**NEEDED.get(step, {}), step: marked}
        return json.dumps({**others, **marked}).replace('"the number"', number)


# other fields that an object with this field requires
NEEDED: dict[str, Schema] = {
    "x_px": {"width_px": 1, "height_px": 1},
    "y_px": {"width_px": 1, "height_px": 1},
    "scale": {"image": "iVBORw0KGgo="},
    "opacity": {"image": "iVBORw0KGgo="},
    "size_px": {"text": "words"},
}


def follow(schema: Schema) -> Schema:
    """Resolve references and optional types in a schema."""
    schema = next((option for option in schema.get("anyOf", ()) if option.get("type") != "null"), schema)
    if "$ref" in schema:
        return follow(DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def numbers(
    schema: Schema, steps: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    schema = follow(schema)
    if schema.get("type") in ("number", "integer"):
        yield steps, schema
    for name, inner in schema.get("properties", {}).items():
        yield from numbers(inner, (*steps, name))
    if "items" in schema:
        yield from numbers(schema["items"], (*steps, 0))


def in_bodies() -> list[Field]:
    return [
        Field(f"{method.upper()} {path}", steps, schema)
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for steps, schema in numbers(content.get("schema", {}))
    ]


def in_addresses() -> list[tuple[str, str, str]]:
    return [
        (method, path, parameter["name"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and follow(parameter["schema"]).get("type") in ("number", "integer")
    ]


def test_every_number_in_the_document_has_both_bounds() -> None:
    unbounded = [
        (field.operation, field.name)
        for field in in_bodies()
        if "enum" not in field.schema
        and not ({"minimum", "exclusiveMinimum"} & set(field.schema) and "maximum" in field.schema)
    ]
    assert unbounded == []
    arguments = [
        (path, parameter["name"])
        for path, methods in DOCUMENT["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if follow(parameter["schema"]).get("type") in ("number", "integer")
        and "maximum" not in follow(parameter["schema"])
    ]
    assert arguments == []


RECIPE_FIELDS = [field for field in in_bodies() if field.operation == "POST /api/v1/jobs"]


@pytest.mark.parametrize("field", RECIPE_FIELDS, ids=lambda field: field.name)
async def test_number_in_a_recipe_is_refused_by_field(ada: Person, source: SourceView, field: Field) -> None:
    async def submitted(number: str) -> httpx.Response:
        body = field.body(number, source_id=source.id)
        return await ada.http.post("/api/v1/jobs", content=body, headers={"Content-Type": "application/json"})

    for number in REFUSED_IN_FIELDS:
        answer = await submitted(number)
        if number == "-1" and field.schema.get("minimum", 0) < 0:
            continue
        assert answer.status_code == 422, (number, answer.text)
        assert answer.json()["code"] == "recipe-invalid"
        assert field.name.removeprefix("recipe.") in answer.json()["fields"], number
    for number in REFUSED_AS_JSON:
        assert (await submitted(number)).status_code == 400, number
    for number in TINY:
        assert (await submitted(number)).status_code in (200, 201, 422), number


@pytest.mark.parametrize("number", [*REFUSED_IN_FIELDS, *REFUSED_AS_JSON])
async def test_share_duration_is_a_number_of_seconds(ada: Person, job: Any, gif: bytes, number: str) -> None:
    answer = await ada.http.post(
        f"/api/v1/jobs/{job.id}/shares",
        content=f'{{"expires_in_s": {number}}}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == (400 if number in REFUSED_AS_JSON else 422), answer.text
    assert answer.status_code == 400 or answer.json()["field"] == "expires_in_s"


@pytest.mark.parametrize("number", [*REFUSED_IN_FIELDS, "1e999", "NaN", "inf", "9" * 5000, "٣", " ", "0x1"])
async def test_number_in_a_url_is_refused_by_name(root: Person, source: SourceView, number: str) -> None:
    for method, path, name in in_addresses():
        if path.startswith("/media"):
            continue  # its signature is checked first
        address = path.replace("{id}", source.id)
        answer = await root.http.request(method, address, params={name: number})
        assert answer.status_code in ((404, 422) if "{id}" in path else (422,)), (path, name, answer.text)
        if answer.status_code == 422:
            assert answer.json()["field"] == name
