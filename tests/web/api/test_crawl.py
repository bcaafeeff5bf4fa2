"""Every route and every method of the API, asked by everybody; what is not in the table fails."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from gifapp.domain.views import JobView
from gifapp.web.api import api_routes
from gifapp.web.base import AnsweringHandler
from tests.web.api.conftest import Person, SignUp

API = "/api/v1"

# the status for nobody, for another user, for an administrator, for the owner, asked in this order.
# The job is queued: it has no GIF. A body that is asked for is missing: 415.
ACCESS = {
    ("POST", f"{API}/auth/register"): (415, 415, 415, 415),
    ("POST", f"{API}/auth/login"): (415, 415, 415, 415),
    ("POST", f"{API}/auth/refresh"): (401, 401, 401, 401),
    ("POST", f"{API}/auth/logout"): (204, 204, 204, 204),
    ("POST", f"{API}/auth/password"): (401, 415, 415, 415),
    ("GET", f"{API}/me"): (401, 200, 200, 200),
    ("GET", f"{API}/limits"): (200, 200, 200, 200),
    ("GET", f"{API}/presets"): (200, 200, 200, 200),
    ("GET", f"{API}/openapi.json"): (200, 200, 200, 200),
    ("GET", "/api/docs"): (200, 200, 200, 200),
    ("GET", "/api/docs/page.js"): (200, 200, 200, 200),
    ("HEAD", "/api/docs/page.js"): (200, 200, 200, 200),
    ("GET", f"{API}/sources"): (401, 200, 200, 200),
    ("POST", f"{API}/sources"): (401, 422, 422, 422),
    ("GET", f"{API}/sources/{{source}}"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/poster"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/poster"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/frame?at_s=0"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/frame?at_s=0"): (401, 404, 404, 200),
    ("DELETE", f"{API}/sources/{{source}}"): (401, 404, 404, 409),
    ("POST", f"{API}/estimates"): (401, 415, 415, 415),
    ("GET", f"{API}/jobs"): (401, 200, 200, 200),
    ("POST", f"{API}/jobs"): (401, 415, 415, 415),
    ("GET", f"{API}/jobs/{{job}}"): (401, 404, 404, 200),
    ("GET", f"{API}/jobs/{{job}}/gif"): (401, 404, 404, 409),
    ("HEAD", f"{API}/jobs/{{job}}/gif"): (401, 404, 404, 409),
    ("POST", f"{API}/jobs/{{job}}/retry"): (401, 404, 404, 409),
    ("POST", f"{API}/jobs/{{job}}/cancel"): (401, 404, 404, 200),
    ("DELETE", f"{API}/jobs/{{job}}"): (401, 404, 404, 204),
    ("GET", f"{API}/events"): (401, 426, 426, 426),
    ("GET", f"{API}/admin/queue"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/queue/pause"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/queue/resume"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/workers"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/storage"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/dead-letters"): (401, 403, 200, 403),
    ("DELETE", f"{API}/admin/dead-letters"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/dead-letters/requeue"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/dead-letters/{{job}}"): (401, 403, 404, 403),
    ("DELETE", f"{API}/admin/dead-letters/{{job}}"): (401, 403, 404, 403),
    ("POST", f"{API}/admin/dead-letters/{{job}}/requeue"): (401, 403, 404, 403),
    ("GET", "/media/gifs/{job}"): (403, 403, 403, 403),
    ("HEAD", "/media/gifs/{job}"): (403, 403, 403, 403),
    ("GET", "/media/posters/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/posters/{source}"): (403, 403, 403, 403),
    ("GET", "/media/frames/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/frames/{source}"): (403, 403, 403, 403),
    ("GET", "/health/live"): (200, 200, 200, 200),
    ("GET", "/health/ready"): (200, 200, 200, 200),
}


async def test_who_may_what(stranger: httpx.AsyncClient, ada: Person, sign_up: SignUp, job: JobView) -> None:
    assert job.source
    askers = [stranger, sign_up("eve").http, sign_up("root", "administrator").http, ada.http]
    found = {}
    for method, route in ACCESS:
        path = route.format(job=job.id, source=job.source.id)
        found[method, route] = tuple([(await who.request(method, path)).status_code for who in askers])
    assert found == ACCESS


def test_every_route_and_method_is_in_the_table() -> None:
    asked = {(method, route_of(urlsplit(path).path)) for method, path in ACCESS}
    assert asked == set(offered()), "add to ACCESS who may do it"


async def test_everything_says_what_can_be_done_with_it(stranger: httpx.AsyncClient) -> None:
    for path in {urlsplit(path).path for _, path in ACCESS}:
        answer = await stranger.options(path)
        assert answer.status_code == 204
        allowed = set(answer.headers["Allow"].split(", ")) - {"OPTIONS"}
        assert allowed == {method for method, route in offered() if route == route_of(path)}


def offered() -> Iterator[tuple[str, str]]:
    """Each method, and the pattern of its route."""
    for route in api_routes():
        assert issubclass(route.handler_class, AnsweringHandler)
        for method in route.handler_class.methods():
            if method != "OPTIONS":
                yield method, route.regex.pattern


def route_of(path: str) -> str:
    """The pattern of the route that answers at a path."""
    return next(route.regex.pattern for route in api_routes() if route.regex.match(path))
