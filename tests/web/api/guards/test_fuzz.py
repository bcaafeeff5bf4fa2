"""Random requests generated from the OpenAPI document: nothing breaks, and every response is documented.

`make fuzz` sends many more, different each time.
"""

import asyncio
import dataclasses
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gifapp.domain.rates import Rates
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView
from gifapp.web.http.context import Parts
from gifapp.web.http.signing import MediaKind
from tests.web.api.conftest import Person, SignUp
from tests.web.api.documented import DOCUMENT

IS_LONG = "FUZZ_EXAMPLES" in os.environ
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "10"))
COSTLY = {  # each runs a process
    *("post_sources", "post_estimates", "get_sources_id_frame", "get_media_frames_id"),
    *("post_sources_id_preview", "post_media_previews_id"),
}
HOSTILE = ["nobodys", "..", "%00", "a" * 300, "$gt", "ü", "\ud7ff"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
ENDING = {"post_auth_logout_everywhere", "delete_me"}  # this signs the user out


def name_of(operation: Any) -> str:
    return str(operation.definition.raw["operationId"])


def described() -> Iterator[APIOperation[Any, Any, Any, Any]]:
    for operation in SCHEMA.get_all_operations():
        assert isinstance(operation, Ok)
        yield operation.ok()


# destructive requests come late
OPERATIONS = sorted(
    described(),
    key=lambda operation: (name_of(operation) in ENDING, operation.method.lower() == "delete"),
)

pytestmark = pytest.mark.timeout(0 if IS_LONG else 400)


@dataclass(frozen=True)
class Belongings:
    """Ada's belongings: a video and jobs in several states; `addresses` are signed URLs of their pictures."""

    owner_id: str
    source_id: str
    job_ids: list[str]
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)

    def at(self, path: str) -> list[str]:
        """Ids that are valid at this place of a path."""
        if "users" in path:
            return [self.owner_id]
        kinds = ("sources", "posters", "media/frames", "videos", "strips", "proxies", "media/previews")
        is_source = any(kind in path for kind in kinds)
        return [self.source_id] if is_source else self.job_ids


class Response(NamedTuple):
    """A response; `is_adas` is True if the request named something of Ada's."""

    operation: str
    is_adas: bool
    status: int


@pytest.fixture
def rates() -> Rates:
    """Rates high enough that no request is refused for being too many."""
    return Rates(**{limited.name: "1000000/minute" for limited in dataclasses.fields(Rates)})


@pytest.fixture(autouse=True)
def _tokens_outlast_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gifapp.identity.tokens.ACCESS_LIFETIME", timedelta(days=1))


@pytest.fixture
def belongings(
    ada: Person, parts: Parts, job: JobView, gif: bytes, bury: Callable[[int], JobView]
) -> Belongings:
    assert job.source
    source_id, submit = job.source.id, parts.services.submission.submit
    made = [job, bury(5), *(submit(ada.id, source_id, Recipe(fps=fps)) for fps in (1, 2))]
    pictures: dict[MediaKind, str] = {
        "gifs": job.id,
        "posters": source_id,
        "frames": source_id,
        "videos": source_id,
        "stills": job.id,
        "filmstrips": source_id,
        "previews": source_id,
    }
    signed = {
        f"/media/{kind}/{{id}}": dict(parse_qsl(urlsplit(parts.media.address(kind, item, ada.id)).query))
        for kind, item in pictures.items()
    }
    return Belongings(ada.id, source_id, [job.id for job in made], signed)


async def test_random_requests_of_the_owner(url: str, ada: Person, belongings: Belongings) -> None:
    result = await asyncio.to_thread(ask_everything, url, ada, belongings)
    reached = {answer.operation for answer in result if answer.is_adas and answer.status < 300}
    assert {"get_jobs_id", "get_sources_id", "get_media_gifs_id", "post_jobs_id_cancel"} <= reached


async def test_random_requests_of_an_administrator(url: str, root: Person, belongings: Belongings) -> None:
    result = await asyncio.to_thread(ask_everything, url, root, belongings)
    opened = {answer.operation for answer in result if answer.is_adas and answer.status < 400}
    assert opened <= {name for name in names() if "admin" in name or "media" in name}


async def test_random_requests_of_another_user(
    url: str, ada: Person, sign_up: SignUp, belongings: Belongings
) -> None:
    before = await gallery(ada)
    result = await asyncio.to_thread(ask_everything, url, sign_up("eve"), belongings)
    opened = {answer.operation for answer in result if answer.is_adas and answer.status < 400}
    assert opened <= {name for name in names() if "media" in name}  # a signed URL, which Ada may have shared
    assert await gallery(ada) == before


async def test_random_requests_of_a_stranger(
    url: str, stranger: httpx.AsyncClient, belongings: Belongings
) -> None:
    result = await asyncio.to_thread(ask_everything, url, None, belongings)
    opened = {answer.operation for answer in result if answer.is_adas and answer.status < 400}
    assert opened <= {name for name in names() if "media" in name}
    refused = {answer.status for answer in result if "admin" in answer.operation}
    assert refused <= {400, 401, 404}  # the id may lead to another path: `..`


async def gallery(person: Person) -> list[str]:
    """Everything a user has, without signatures in URLs, which change every few hours."""
    pages = [(await person.http.get(path)).text for path in ("/api/v1/jobs", "/api/v1/sources")]
    return [re.sub(r"expires=\d+&signature=[\w-]+", "", page) for page in pages]


def names() -> list[str]:
    return [name_of(operation) for operation in OPERATIONS]


def ask_everything(url: str, who: Person | None, belongings: Belongings) -> list[Response]:
    return [answer for operation in OPERATIONS for answer in ask(operation, url, who, belongings)]


def ask(operation: Any, url: str, who: Person | None, belongings: Belongings) -> list[Response]:
    name, known = name_of(operation), belongings.at(operation.path)
    headers = {"Authorization": f"Bearer {who.session.access_token}"} if who else {}
    answers: list[Response] = []

    @settings(
        max_examples=max(2, EXAMPLES // 5) if name in COSTLY else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not IS_LONG,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=cases(operation), item=st.sampled_from([*known * 2, *HOSTILE]))
    def check(case: Any, item: str) -> None:
        is_named = name_belonging(case, item, belongings)
        assume("/s/.." not in f"{case.formatted_path}/")  # this path has no route
        answer = case.call(base_url=url, headers=headers, timeout=30)
        if "Transfer-Encoding" in case.headers and answer.status_code == 400 and not answer.content:
            return  # malformed HTTP, which the server rejects before any handler
        answers.append(Response(name, is_named and item in known, answer.status_code))
        case.validate_response(answer, checks=CHECKS)

    check()
    return answers


def name_belonging(case: Any, item: str, belongings: Belongings) -> bool:
    """Put a belonging where the request expects an id; returns whether it did."""
    if isinstance(case.body, dict) and "source_id" in case.body:
        case.body["source_id"] = belongings.source_id if item in belongings.job_ids else item
        return item in belongings.job_ids
    if "id" not in (case.path_parameters or {}):
        return False
    case.path_parameters["id"] = item
    if item == belongings.at(case.path)[0] and case.path in belongings.addresses:
        case.query = {**(case.query or {}), **belongings.addresses[case.path]}
    return True


def cases(operation: Any) -> st.SearchStrategy[Any]:
    """Requests both valid and invalid by the document."""
    return st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )
