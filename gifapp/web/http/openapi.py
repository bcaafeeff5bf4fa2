"""Generates the OpenAPI 3.1 document from the routes, the operations and the models."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from tornado.routing import URLSpec

from gifapp.web.http.openapi_responses import Node, responses
from gifapp.web.http.operations import Access, Operation, operation_of
from gifapp.web.http.payloads import Headers, Payload, Query
from gifapp.web.http.problems import Problem

_DESCRIPTION = """A self-hosted service that turns videos into GIFs.

Every error is `application/problem+json` (RFC 9457) with a `code` that never changes. Every response has an
`X-Request-Id`, which finds the request in the log. Other people's items return 404."""

_SECURITY: dict[Access, list[Node]] = {
    "anyone": [],
    "signed in": [{"token": []}],
    "administrator": [{"token": []}],
    "cookie": [{"session": [], "xsrf": []}],
    "signed address": [{"signature": []}],
}
_SCHEMES: Node = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token, from `auth/login`, or an API token.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "gifapp_session"},
    "xsrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-XSRFToken",
        "description": "The value of the cookie `_xsrf`.",
    },
    "signature": {
        "type": "apiKey",
        "in": "query",
        "name": "signature",
        "description": "Part of the picture URLs in jobs and sources.",
    },
}
_SIGNED = ("owner", "expires")  # the query parameters of a signed URL, besides the signature

Mode = Literal["validation", "serialization"]


class Described(NamedTuple):
    """A method of a route; `declared` is None if it lacks `@operation`."""

    path: str
    method: str
    handler: type[Any]
    access: Access
    declared: Operation | None

    @property
    def has_id(self) -> bool:
        return "{" in self.path

    @property
    def tag(self) -> str:
        return self.handler.__module__.rpartition(".")[2]


def described(routes: Iterable[URLSpec]) -> Iterator[Described]:
    """Every method of every route, except OPTIONS, and HEAD where there is a GET."""
    for route in routes:
        path = (
            route.regex.pattern.removesuffix("$")
            .replace("([^/]+)", "{id}")
            .replace("[^/]+", "{name}")
            .replace("\\.", ".")
        )
        handler: Any = route.handler_class
        access: Access = "signed address" if (route.kwargs or {}).get("signed") else handler.access
        methods = set(handler.methods()) - {"OPTIONS"}
        for name in sorted(methods - {"HEAD"} if "GET" in methods else methods):
            declared = operation_of(getattr(handler, name.lower()))
            own = declared.access if declared else None
            yield Described(path, name.lower(), handler, own or access, declared)


def document(routes: Iterable[URLSpec]) -> Node:
    """The whole OpenAPI document."""
    methods = [method for method in described(routes) if method.declared is not None]
    models = _Models(methods)
    paths: Node = {}
    for method in methods:
        paths.setdefault(method.path, {})[method.method] = _operation(method, models)
    return {
        "openapi": "3.1.0",
        "info": {"title": "gifapp", "version": version("gifapp"), "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": _tags(methods),
        "paths": paths,
        "components": {"schemas": models.schemas, "securitySchemes": _SCHEMES},
    }


class _Models:
    """The JSON schemas of all operations' models, with references to each other."""

    def __init__(self, methods: Iterable[Described]) -> None:
        used = dict.fromkeys(pair for method in methods for pair in _models_of(method.declared))
        self._refs, defs = models_json_schema(
            [*used, (Problem, "serialization")], ref_template="#/components/schemas/{model}"
        )
        self.schemas: Node = defs["$defs"]
        self._arguments: dict[type[BaseModel], Node] = {
            model: self.schemas.pop(self._name(model))
            for model, _ in used
            if issubclass(model, Query | Headers)
        }

    def ref(self, model: type[BaseModel] | None, mode: Mode) -> Node | None:
        return self._refs[model, mode] if model else None

    def arguments(self, model: type[BaseModel] | None) -> Node:
        """The properties of a model that is read from the query string or headers, by name."""
        return dict(self._arguments[model]["properties"]) if model else {}

    def _name(self, model: type[BaseModel]) -> str:
        return str(self._refs[model, "validation"]["$ref"]).rpartition("/")[2]


def _models_of(declared: Operation | None) -> Iterator[tuple[type[BaseModel], Mode]]:
    if declared is not None:
        read = (declared.reads(kind) for kind in (Payload, Query, Headers))
        yield from ((model, "validation") for model in read if model)
        if declared.response_model:
            yield declared.response_model, "serialization"


def _operation(method: Described, models: _Models) -> Node:
    declared = method.declared
    assert declared is not None  # noqa: S101  `document` leaves out the others
    schema = models.ref(declared.response_model, "serialization")
    name = f"{method.method}{method.path.removeprefix('/api/v1')}"
    node = {
        "operationId": re.sub(r"\W+", "_", name).strip("_"),
        "tags": [method.tag],
        "summary": declared.summary,
        "description": declared.description,
        "parameters": list(_parameters(method, declared, models)),
        "requestBody": _body(declared, models),
        "security": _SECURITY[method.access],
        "responses": responses(declared, method.access, schema, has_id=method.has_id),
    }
    return {key: value for key, value in node.items() if value or key == "security"}


def _parameters(method: Described, declared: Operation, models: _Models) -> Iterator[Node]:
    text = {"type": "string"}
    if method.has_id:
        yield {"name": "id", "in": "path", "required": True, "schema": text}
    if "{name}" in method.path:
        yield {"name": "name", "in": "path", "required": True, "schema": text}
    if method.access == "signed address":
        yield from ({"name": name, "in": "query", "required": True, "schema": text} for name in _SIGNED)
    for place, kind in (("query", Query), ("header", Headers)):
        for name, schema in models.arguments(declared.reads(kind)).items():
            yield _parameter(name, place, schema)
    if declared.has_etag or declared.is_file:
        yield {"name": "If-None-Match", "in": "header", "schema": text}
    if declared.is_file:
        yield {"name": "Range", "in": "header", "schema": text}


def _parameter(name: str, place: str, schema: Node) -> Node:
    """A parameter; an optional one is not nullable, since a query string cannot contain null."""
    plain = {key: value for key, value in schema.items() if key not in ("anyOf", "title", "description")}
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if kinds:
        plain = kinds[0]
    about = {"description": schema["description"]} if "description" in schema else {}
    return {"name": name, "in": place, "schema": plain, **about}


def _body(declared: Operation, models: _Models) -> Node | None:
    schema = models.ref(declared.reads(Payload), "validation")
    if schema:
        return {"required": True, "content": {"application/json": {"schema": schema}}}
    if declared.consumes:
        return {"required": True, "content": {kind: {} for kind in declared.consumes}}
    return None


def _tags(methods: Iterable[Described]) -> list[Node]:
    """A tag per module of handlers, with the first line of the module's docstring."""
    modules = dict.fromkeys((method.tag, method.handler.__module__) for method in methods)
    about = {tag: (sys.modules[module].__doc__ or "").partition("\n")[0] for tag, module in modules}
    return [{"name": tag, "description": line} for tag, line in about.items()]
