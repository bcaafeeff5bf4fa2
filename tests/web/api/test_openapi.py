"""The OpenAPI document: complete, equal to the docs, and valid."""

import re
from pathlib import Path

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gifapp.web.api import api_routes
from gifapp.web.http.openapi import described
from tests.web.api.documented import DOCUMENT

DOCS = Path(__file__).parents[3] / "docs" / "api.md"
OPERATIONS = [(route.handler.__name__, route.method, route.declared) for route in described(api_routes())]


@pytest.mark.parametrize(("handler", "method", "declared"), OPERATIONS)
def test_every_method_documents_parameters_and_responses(handler: str, method: str, declared: object) -> None:
    assert declared, (
        f'{handler}.{method} has no declaration: put @operation("What it does") of web.http.operations '
        "above it, with the errors that it raises"
    )


def test_document_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []


def test_operation_ids_are_unique() -> None:
    names = [
        operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()
    ]
    assert len(names) == len(set(names)) == len(OPERATIONS)


def test_recipe_is_described_in_full() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["Submission"]["properties"]["recipe"]["$ref"].endswith("/Recipe")
    assert schemas["Recipe"]["properties"]["speed"]["maximum"] == 10
    number, nothing = schemas["Recipe"]["properties"]["fps"]["anyOf"]
    assert (number["maximum"], nothing["type"]) == (50, "null")
    assert schemas["Recipe"]["additionalProperties"] is False


def test_refusals_list_their_codes() -> None:
    refused = DOCUMENT["paths"]["/api/v1/sources/{id}"]["delete"]["responses"]["409"]
    assert "source-in-use" in refused["description"]
    schema = refused["content"]["application/problem+json"]["schema"]
    assert schema["properties"]["code"] == {"enum": ["source-in-use"]}


def test_docs_and_document_list_the_same_operations() -> None:
    documented = {
        (method, "{}".join(re.split(r"\{\w+\}", path.removeprefix("/api/v1"))))
        for path, methods in DOCUMENT["paths"].items()
        for method in methods
        if not path.startswith(("/media/", "/api/docs/"))
    }
    assert written() == documented


def written() -> set[tuple[str, str]]:
    """The operations in docs/api.md, written as `GET /jobs/{id}` or `GET,DELETE /jobs/{id}`."""
    operations = re.findall(r"`([A-Z]+(?:,[A-Z]+)*) (/[^`?\s]*)[^`]*`", DOCS.read_text())
    return {
        (method.lower(), re.sub(r"\{\w+\}", "{}", path))
        for methods, path in operations
        for method in methods.split(",")
    }


async def test_document_is_cached_until_it_changes(stranger: httpx.AsyncClient) -> None:
    first = await stranger.get("/api/v1/openapi.json")
    assert first.json() == DOCUMENT
    again = await stranger.get("/api/v1/openapi.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_documentation_page_loads_nothing_from_other_hosts(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/api/docs")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "sandbox" not in policy
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(loaded) == 5
    for address in loaded:
        assert (await stranger.get(address)).status_code == 200
    for address in ("/api/docs/page.html", "/api/docs/..%2fdocs.py", "/api/docs/LICENSE"):
        assert (await stranger.get(address)).status_code == 404
