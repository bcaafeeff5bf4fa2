"""Every route and method of the API, called by every kind of user; a route missing from the table fails."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from gifapp.domain.accounts import Scope
from gifapp.domain.views.jobs import JobView
from gifapp.identity.service import Identity
from gifapp.web.api import api_routes
from gifapp.web.http.answering import AnsweringHandler
from gifapp.web.http.base import SESSION_COOKIE
from tests.web.api.conftest import Person, SignUp

API = "/api/v1"
SCOPE_NAMES: tuple[Scope, ...] = ("read", "write", "admin")

# the status for a stranger, another user, an administrator and the owner, called in this order.
# The job is queued, so it has no GIF. A missing body gives 415.
ACCESS = {
    ("POST", f"{API}/auth/register"): (415, 415, 415, 415),
    ("POST", f"{API}/auth/login"): (415, 415, 415, 415),
    ("POST", f"{API}/auth/refresh"): (401, 401, 401, 401),
    ("POST", f"{API}/auth/logout"): (204, 204, 204, 204),
    ("POST", f"{API}/auth/password"): (401, 415, 415, 415),
    ("POST", f"{API}/auth/reset"): (415, 415, 415, 415),
    ("GET", f"{API}/me"): (401, 200, 200, 200),
    ("DELETE", f"{API}/me"): (401, 415, 415, 415),
    ("GET", f"{API}/me/export"): (401, 200, 200, 200),
    ("GET", f"{API}/me/tokens"): (401, 200, 200, 200),
    ("POST", f"{API}/me/tokens"): (401, 415, 415, 415),
    ("DELETE", f"{API}/me/tokens"): (401, 200, 200, 200),
    ("DELETE", f"{API}/me/tokens/x"): (401, 404, 404, 404),
    ("GET", f"{API}/limits"): (200, 200, 200, 200),
    ("GET", f"{API}/presets"): (200, 200, 200, 200),
    ("GET", f"{API}/openapi.json"): (200, 200, 200, 200),
    ("GET", "/api/docs"): (200, 200, 200, 200),
    ("GET", "/api/docs/page.js"): (200, 200, 200, 200),
    ("HEAD", "/api/docs/page.js"): (200, 200, 200, 200),
    ("GET", f"{API}/sources"): (401, 200, 200, 200),
    ("POST", f"{API}/sources"): (401, 422, 422, 422),
    ("POST", f"{API}/links"): (401, 415, 415, 415),
    ("GET", f"{API}/sources/{{source}}"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/poster"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/poster"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/frame?at_s=0"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/frame?at_s=0"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/filmstrip"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/filmstrip"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/proxy"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/proxy"): (401, 404, 404, 200),
    ("GET", f"{API}/sources/{{source}}/video"): (401, 404, 404, 200),
    ("HEAD", f"{API}/sources/{{source}}/video"): (401, 404, 404, 200),
    ("PATCH", f"{API}/sources/{{source}}"): (401, 415, 415, 415),
    ("DELETE", f"{API}/sources/{{source}}"): (401, 404, 404, 409),
    ("POST", f"{API}/sources/{{source}}/restore"): (401, 404, 404, 200),
    ("POST", f"{API}/uploads"): (401, 412, 412, 412),
    ("HEAD", f"{API}/uploads/x"): (401, 412, 412, 412),
    ("PATCH", f"{API}/uploads/x"): (401, 412, 412, 412),
    ("DELETE", f"{API}/uploads/x"): (401, 412, 412, 412),
    ("POST", f"{API}/estimates"): (401, 415, 415, 415),
    ("POST", f"{API}/sources/{{source}}/preview"): (401, 415, 415, 415),
    ("POST", f"{API}/sources/{{source}}/layers"): (401, 415, 415, 415),
    ("POST", f"{API}/sources/{{source}}/strip"): (401, 415, 415, 415),
    ("GET", f"{API}/jobs"): (401, 200, 200, 200),
    ("POST", f"{API}/jobs"): (401, 415, 415, 415),
    ("POST", f"{API}/jobs/batch"): (401, 415, 415, 415),
    ("POST", f"{API}/archives"): (401, 415, 415, 415),
    ("GET", f"{API}/jobs/{{job}}"): (401, 404, 404, 200),
    ("PATCH", f"{API}/jobs/{{job}}"): (401, 415, 415, 415),
    ("GET", f"{API}/jobs/{{job}}/gif"): (401, 404, 404, 409),
    ("HEAD", f"{API}/jobs/{{job}}/gif"): (401, 404, 404, 409),
    ("GET", f"{API}/jobs/{{job}}/still"): (401, 404, 404, 409),
    ("HEAD", f"{API}/jobs/{{job}}/still"): (401, 404, 404, 409),
    ("GET", f"{API}/jobs/{{job}}/frames"): (401, 404, 404, 409),
    ("POST", f"{API}/jobs/{{job}}/retry"): (401, 404, 404, 409),
    ("POST", f"{API}/jobs/{{job}}/cancel"): (401, 404, 404, 200),
    ("GET", f"{API}/jobs/{{job}}/shares"): (401, 404, 404, 200),
    ("POST", f"{API}/jobs/{{job}}/shares"): (401, 415, 415, 415),
    ("DELETE", f"{API}/shares/x"): (401, 404, 404, 404),
    ("GET", f"{API}/recipes"): (401, 200, 200, 200),
    ("POST", f"{API}/recipes"): (401, 415, 415, 415),
    ("GET", f"{API}/recipes/x"): (401, 404, 404, 404),
    ("DELETE", f"{API}/recipes/x"): (401, 404, 404, 404),
    ("POST", f"{API}/admin/recipes/x/share"): (401, 403, 404, 403),
    ("POST", f"{API}/admin/recipes/x/unshare"): (401, 403, 404, 403),
    ("DELETE", f"{API}/jobs/{{job}}"): (401, 404, 404, 204),
    ("POST", f"{API}/jobs/{{job}}/restore"): (401, 404, 404, 200),
    ("GET", f"{API}/events"): (401, 426, 426, 426),
    ("GET", f"{API}/admin/queue"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/queue/pause"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/queue/resume"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/workers"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/storage"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/statistics"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/dead-letters"): (401, 403, 200, 403),
    ("DELETE", f"{API}/admin/dead-letters"): (401, 403, 200, 403),
    ("POST", f"{API}/admin/dead-letters/requeue"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/dead-letters/{{job}}"): (401, 403, 404, 403),
    ("DELETE", f"{API}/admin/dead-letters/{{job}}"): (401, 403, 404, 403),
    ("POST", f"{API}/admin/dead-letters/{{job}}/requeue"): (401, 403, 404, 403),
    ("GET", f"{API}/admin/users"): (401, 403, 200, 403),
    ("GET", f"{API}/admin/users/x"): (401, 403, 404, 403),
    ("PATCH", f"{API}/admin/users/x"): (401, 403, 415, 403),
    ("DELETE", f"{API}/admin/users/x"): (401, 403, 404, 403),
    ("POST", f"{API}/admin/users/x/reset-link"): (401, 403, 404, 403),
    ("POST", f"{API}/admin/invites"): (401, 403, 201, 403),
    ("GET", f"{API}/admin/links"): (401, 403, 200, 403),
    ("DELETE", f"{API}/admin/links/x"): (401, 403, 404, 403),
    ("GET", f"{API}/admin/audit"): (401, 403, 200, 403),
    ("GET", "/media/archives/x"): (403, 403, 403, 403),
    ("GET", "/media/gifs/{job}"): (403, 403, 403, 403),
    ("HEAD", "/media/gifs/{job}"): (403, 403, 403, 403),
    ("GET", "/media/stills/{job}"): (403, 403, 403, 403),
    ("HEAD", "/media/stills/{job}"): (403, 403, 403, 403),
    ("GET", "/media/posters/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/posters/{source}"): (403, 403, 403, 403),
    ("GET", "/media/frames/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/frames/{source}"): (403, 403, 403, 403),
    ("GET", "/media/filmstrips/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/filmstrips/{source}"): (403, 403, 403, 403),
    ("GET", "/media/videos/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/videos/{source}"): (403, 403, 403, 403),
    ("GET", "/media/proxies/{source}"): (403, 403, 403, 403),
    ("HEAD", "/media/proxies/{source}"): (403, 403, 403, 403),
    ("POST", "/media/previews/{source}"): (403, 403, 403, 403),
    ("POST", "/media/layers/{source}"): (403, 403, 403, 403),
    ("POST", "/media/strips/{source}"): (403, 403, 403, 403),
    ("GET", "/media/exports/{job}"): (403, 403, 403, 403),
    ("GET", "/metrics"): (401, 403, 200, 403),
    ("GET", "/health/live"): (200, 200, 200, 200),
    ("GET", "/health/ready"): (200, 200, 200, 200),
    ("GET", "/s/x"): (404, 404, 404, 404),
    ("HEAD", "/s/x"): (404, 404, 404, 404),
    ("GET", "/s/x/clip.gif"): (404, 404, 404, 404),
    ("HEAD", "/s/x/clip.gif"): (404, 404, 404, 404),
    ("POST", f"{API}/auth/logout-everywhere"): (401, 204, 204, 204),  # last, because it signs them out
}


# the scope an API token needs where it is not `read` for GET and HEAD, `write` for other methods and `admin`
# below /admin; None: no token is accepted
SCOPES = {
    ("POST", f"{API}/auth/password"): None,
    ("POST", f"{API}/auth/logout-everywhere"): None,
    ("DELETE", f"{API}/me"): None,
    ("GET", f"{API}/me/tokens"): None,
    ("POST", f"{API}/me/tokens"): None,
    ("DELETE", f"{API}/me/tokens"): None,
    ("DELETE", f"{API}/me/tokens/x"): None,
    ("POST", f"{API}/estimates"): "read",
    ("POST", f"{API}/sources/{{source}}/preview"): "read",
    ("POST", f"{API}/sources/{{source}}/layers"): "read",
    ("POST", f"{API}/sources/{{source}}/strip"): "read",
    ("GET", "/metrics"): "admin",
    ("PATCH", f"{API}/admin/users/x"): None,
    ("DELETE", f"{API}/admin/users/x"): None,
    ("POST", f"{API}/admin/users/x/reset-link"): None,
}


async def test_each_role_gets_the_status_in_the_table(
    stranger: httpx.AsyncClient, ada: Person, sign_up: SignUp, job: JobView
) -> None:
    assert job.source
    askers = [stranger, sign_up("eve").http, sign_up("root", "administrator").http, ada.http]
    statuses = {}
    for method, route in ACCESS:
        path = route.format(job=job.id, source=job.source.id)
        statuses[method, route] = tuple([(await who.request(method, path)).status_code for who in askers])
    assert statuses == ACCESS


async def test_session_cookie_alone_gives_no_access(
    stranger: httpx.AsyncClient, ada: Person, job: JobView
) -> None:
    assert job.source
    stranger.cookies.set(SESSION_COOKIE, ada.session.refresh_token)
    statuses_by_operation = {}
    for method, route in ACCESS:
        path = route.format(job=job.id, source=job.source.id)
        statuses_by_operation[method, route] = (await stranger.request(method, path)).status_code
    forgeable = {("POST", f"{API}/auth/{verb}"): 403 for verb in ("refresh", "logout")}
    assert (
        statuses_by_operation
        == {operation: statuses[0] for operation, statuses in ACCESS.items()} | forgeable
    )


async def test_api_token_needs_the_scope_in_the_table(
    url: str, sign_up: SignUp, identity: Identity, job: JobView
) -> None:
    assert job.source
    root = identity.authenticate(sign_up("root", "administrator").session.access_token)
    tokens = {scope: identity.api_tokens.make(root, scope, [scope]).token for scope in SCOPE_NAMES}
    private = [
        operation
        for operation, statuses in ACCESS.items()
        if statuses[0] == 401 and "refresh" not in operation[1]
    ]
    accepted = {}
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        for method, route in private:
            path = route.format(job=job.id, source=job.source.id)
            for scope, token in tokens.items():
                headers = {"Authorization": f"Bearer {token}"}
                answer = await http.request(method, path, headers=headers)
                accepted[method, route, scope] = answer.status_code != 403
    expected = {
        (*operation, scope): needed(*operation) == scope for operation in private for scope in SCOPE_NAMES
    }
    assert accepted == expected


def needed(method: str, route: str) -> str | None:
    usual = "admin" if "/admin/" in route else "read" if method in ("GET", "HEAD") else "write"
    return SCOPES.get((method, route), usual)


def test_every_route_and_method_is_in_the_table() -> None:
    crawled = {(method, route_of(urlsplit(path).path)) for method, path in ACCESS}
    assert crawled == set(offered()), "add to ACCESS who may do it"


async def test_options_lists_the_allowed_methods(stranger: httpx.AsyncClient) -> None:
    for path in {urlsplit(path).path for _, path in ACCESS}:
        answer = await stranger.options(path)
        assert answer.status_code == 204
        allowed = set(answer.headers["Allow"].split(", ")) - {"OPTIONS"}
        assert allowed == {method for method, route in offered() if route == route_of(path)}


def offered() -> Iterator[tuple[str, str]]:
    """Each method with the pattern of its route."""
    for route in api_routes():
        assert issubclass(route.handler_class, AnsweringHandler)
        for method in route.handler_class.methods():
            if method != "OPTIONS":
                yield method, route.regex.pattern


def route_of(path: str) -> str:
    """The pattern of the route that matches a path."""
    return next(route.regex.pattern for route in api_routes() if route.regex.match(path))
