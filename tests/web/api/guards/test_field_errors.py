"""Wrong values in every field of every request: each error names the field in our own words."""

import json
import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, get_args, get_origin

import pytest
from pydantic import BaseModel

from gifapp import errors
from gifapp.web.api import api_routes
from gifapp.web.http.operations import operation_of
from gifapp.web.http.payloads import Headers, Payload, Query, validated

HUGE_TEXT = "x" * 300_000
WRONG_VALUES: list[Any] = [
    None,
    True,
    [],
    [[]],
    {},
    {"$gt": ""},
    "",
    HUGE_TEXT,
    "\N{RIGHT-TO-LEFT OVERRIDE}\n\x1b[2J",
    0,
    -1,
    1.5,
    10**30,
    -(10**400),
    1e308,
    float("nan"),
    float("inf"),
    [0] * 1000,
]
PYDANTIC_WORDS = re.compile(
    r"[Ii]nput should|Value error|Field required|Extra inputs|should (be|have)|valid (string|integer|number|"
    r"boolean|list|tuple|dictionary)|instance of|unable to|ctx|pydantic|PosixPath|None|'type'"
)


def request_models() -> list[type[BaseModel]]:
    handlers = {route.handler_class for route in api_routes()}
    declared = [operation_of(member) for handler in handlers for member in vars(handler).values()]
    operations = [operation for operation in declared if operation]
    models = {
        model
        for operation in operations
        for model in (*operation.parameters.values(), *operation.reads_itself)
    }
    return sorted(models, key=lambda model: model.__name__)


class Place(NamedTuple):
    """A field by its path; `0` stands for the first item of a list."""

    steps: tuple[str | int, ...]
    is_secret: bool

    def body(self, model: type[BaseModel], value: Any) -> Any:
        """A body with this value, and valid values in the other required fields."""
        for step in reversed(self.steps):
            value = [value] if isinstance(step, int) else {step: value}
        required = {name: field for name, field in model.model_fields.items() if field.is_required()}
        return {name: _allowed(field.annotation) for name, field in required.items()} | value


def _allowed(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {}  # a recipe, whose fields all have defaults
    return get_args(annotation)[0] if get_origin(annotation) is Literal else "x"


def places(
    schema: dict[str, Any], root: dict[str, Any] | None = None, steps: tuple[str | int, ...] = ()
) -> Iterator[Place]:
    """Every field of a JSON schema, including nested fields and those of the first item of lists."""
    root = root or schema
    schema = next((kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"), schema)
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if steps:
        yield Place(steps, schema.get("format") == "password")
    for name, inner in schema.get("properties", {}).items():
        yield from places(inner, root, (*steps, name))
    if "items" in schema:
        yield from places(schema["items"], root, (*steps, 0))


ACCEPT_ANY_TEXT = [Place(("download",), is_secret=False)]


def refusal(model: type[BaseModel], value: Any) -> str | None:
    """The message that refuses the value; None if it is accepted."""
    try:
        validated(model, value)
    except errors.BadInput as refused:
        return str(refused)
    return None


def fields() -> list[Any]:
    models = request_models()
    assert {"Submission", "Credentials", "PurgeQuery", "SubmissionHeaders"} <= {m.__name__ for m in models}
    return [
        pytest.param(model, place, id=f"{model.__name__}-{'.'.join(map(str, place.steps))}")
        for model in models
        for place in places(model.model_json_schema())
    ]


def check_words(sentence: str) -> None:
    assert not PYDANTIC_WORDS.search(sentence), sentence
    assert sentence.isprintable(), sentence
    assert len(sentence) < 4000, sentence[:500]


@pytest.mark.parametrize(("model", "place"), fields())
def test_wrong_value_is_refused_by_field_in_our_own_words(model: type[BaseModel], place: Place) -> None:
    values = WRONG_VALUES
    if issubclass(model, Query | Headers):  # query parameters arrive as text
        values = [value if isinstance(value, str) else json.dumps(value) for value in values]
    refusals = [sentence for value in values if (sentence := refusal(model, place.body(model, value)))]
    assert place in ACCEPT_ANY_TEXT or any(_name(place) in sentence for sentence in refusals)
    for sentence in refusals:
        check_words(sentence)
        assert _name(place) in sentence or "is required" in sentence  # another field of the same part
        assert "must be valid" not in sentence  # the message lists the allowed values


def _name(place: Place) -> str:
    """The name of the field in messages; a recipe's fields are named relative to the recipe."""
    steps = place.steps[1:] if place.steps[0] == "recipe" and len(place.steps) > 1 else place.steps
    return ".".join(map(str, steps))


@pytest.mark.parametrize("model", [m for m in request_models() if issubclass(m, Payload)])
def test_body_that_is_no_object_and_unknown_field_are_refused(model: type[BaseModel]) -> None:
    values: list[Any] = [None, [], "text", 3, True]
    for value in values:
        sentence = refusal(model, value) or ""
        assert sentence.startswith("body must be an object (got "), sentence
        check_words(sentence)
    unknown = refusal(model, {HUGE_TEXT: 1}) or ""
    check_words(unknown)


@pytest.mark.parametrize("model", [m for m in request_models() if issubclass(m, Payload)])
def test_missing_field_is_named_with_its_allowed_values(model: type[BaseModel]) -> None:
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    sentence = refusal(model, {}) or ""
    assert not required or sentence.startswith(f"{required[0]} is required, and must be "), sentence


@pytest.mark.parametrize("value", [12345678, ["hunter22"], {"password": "hunter22"}, True])
def test_wrong_password_or_token_is_not_repeated_in_the_error(value: Any) -> None:
    secrets = [
        (param.values[0], param.values[1])
        for param in fields()
        if param.values[1].is_secret and issubclass(param.values[0], Payload)
    ]
    assert len(secrets) >= 7
    for model, place in secrets:
        assert refusal(model, place.body(model, value)) == f"{place.steps[0]} must be text."
