"""Checks every response that the tests' clients receive against the OpenAPI document."""

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from gifapp.web.api import api_routes
from gifapp.web.http.openapi import document

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(api_routes())))
_PATHS = [
    (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template))), methods)
    for template, methods in DOCUMENT["paths"].items()
]


async def check(answer: httpx.Response) -> None:
    """Fail if a response of a documented operation is undocumented."""
    request = answer.request
    declared = _operation(request.method, request.url.path)
    if declared is not None and answer.status_code != 405:
        await answer.aread()
        body = None if request.method == "HEAD" else answer.content
        wrong = undocumented(declared, answer.status_code, answer.headers, body)
        assert wrong is None, f"{request.method} {request.url.path}: {wrong}"


def undocumented(
    declared: dict[str, Any], status: int, headers: Mapping[str, str], body: bytes | None
) -> str | None:
    """What is undocumented about such a response; a `body` of None was not requested."""
    response = declared["responses"].get(str(status))
    if response is None:
        return f"{status} is not declared; add it to `also`, or its error to `raises`: {body!r}"
    missing = [name for name in response.get("headers", {}) if name.lower() not in _lower(headers)]
    if missing:
        return f"{status} comes without {missing}"
    kind = headers.get("Content-Type", "").partition(";")[0]
    content = response.get("content", {})
    if body is None or (not content and not body):
        return None
    if kind not in content:
        return f"{status} is sent as {kind}, which is none of {list(content)}"
    return _wrong_body(content[kind].get("schema"), body)


def _wrong_body(schema: dict[str, Any] | None, body: bytes) -> str | None:
    if schema is None:
        return None
    wrong = best_match(_validator(json.dumps(schema)).iter_errors(json.loads(body)))
    return f"{wrong.json_path}: {wrong.message}" if wrong else None


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": DOCUMENT["components"]}
    Draft202012Validator.check_schema(whole)
    return Draft202012Validator(whole)


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, methods in _PATHS:
        if pattern.fullmatch(path):
            operation: dict[str, Any] | None = methods.get(method.lower())
            return methods.get("get") if method == "HEAD" and not operation else operation
    return None


def _lower(headers: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in headers}
