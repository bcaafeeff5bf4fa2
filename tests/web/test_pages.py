"""Sign-in and error pages, and how their files are cached."""

import gzip
import re
from html import unescape
from pathlib import Path

import httpx
import jinja2
import pytest
import voila.notebook_renderer
from voila._version import __version__ as voila_version

from gifapp.web.app import GifApp
from gifapp.web.http import compressed_files
from gifapp.web.http.context import Parts
from gifapp.web.pages.page_exporter import PageExporter
from gifapp.web.pages.pages import TEMPLATE, jupyter_directory
from tests.web.visitors import SignIn, policy_of

ROOT = Path(__file__).parents[2]
MAKES_MARKUP = re.compile(
    r"(inner|outer)HTML\s*\+?=|insertAdjacentHTML|document\.write|createContextualFragment|setHTML|DOMParser"
)


async def test_first_visitor_is_told_where_the_setup_token_is(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/")
    assert re.search(r"<body [^>]*data-no-account-yet", page.text)


async def test_later_visitors_are_not_told_of_the_setup_token(
    stranger: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await sign_in("ada@example.org")
    page = await stranger.get("/")
    assert not re.search(r"<body [^>]*data-no-account-yet", page.text)
    assert re.search(r'<body [^>]*data-registration="open"', page.text)


async def test_fields_are_labelled_for_password_managers_and_screen_readers(
    stranger: httpx.AsyncClient,
) -> None:
    page = (await stranger.get("/")).text
    assert re.search(r'<input id="email"[^>]+autocomplete="username"', page)
    assert re.search(r'<input id="password"[^>]+autocomplete="current-password"', page)
    labelled = set(re.findall(r'<label for="(\w+)"', page))
    assert labelled == set(re.findall(r'<input id="(\w+)"', page))
    for field in labelled:
        assert re.search(rf'id="{field}-error" aria-live="polite"', page)


async def test_reset_link_shows_its_form_although_somebody_is_signed_in(sign_in: SignIn) -> None:
    browser = await sign_in("ada@example.org")
    page = (await browser.get("/", params={"reset": "x"})).text
    assert 'id="password-label"' in page
    assert "jupyter-config-data" not in page


async def test_sign_in_page_has_no_inline_script(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/")
    policy = policy_of(page)
    assert (policy["default-src"], policy["frame-ancestors"]) == ({"'self'"}, {"'none'"})
    assert set().union(*policy.values()) == {"'self'", "'none'", "data:"}
    assert not re.search(r"<script(?! src)|<style|style=|\son\w+=", page.text)


def test_scripts_never_create_markup_from_user_input() -> None:
    scripts = [*ROOT.glob("gifapp/**/*.js"), *ROOT.glob("voila/**/*.js")]
    made = {
        (path.name, line.strip())
        for path in scripts
        if "vendor" not in path.parts and "bundle" not in path.name
        for line in path.read_text().splitlines()
        if MAKES_MARKUP.search(line)
    }
    assert len(scripts) > 10
    assert not made


async def test_sign_in_page_is_small_and_complete(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/")
    addresses = [unescape(address) for address in re.findall(r'(?:src|href)="([^"]+)"', page.text)]
    files = [await stranger.get(address) for address in addresses]
    assert {file.status_code for file in files} == {200}
    assert sum(len(file.content) for file in [page, *files]) < 60_000


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_unknown_url_shows_our_error_page(stranger: httpx.AsyncClient, method: str) -> None:
    answer = await stranger.request(method, "/nowhere")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.text
    assert "<title>Page not found · gifapp</title>" in answer.text


async def test_unknown_api_url_is_a_problem(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/api/v1/nowhere")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not-found"


async def test_files_are_versioned_and_cached_for_long(stranger: httpx.AsyncClient) -> None:
    style = re.findall(r'href="([^"]+signin.css[^"]+)"', (await stranger.get("/")).text)[0]
    for address in (style, f"/voila/static/{voila_version}/voila.js"):
        file = await stranger.get(address)
        assert "max-age=31" in file.headers["Cache-Control"]
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert file.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "script", [f"/voila/static/{voila_version}/voila.js", "/api/docs/swagger-ui-bundle.js"]
)
async def test_file_is_compressed_once(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    compressed_files._compressed.cache_clear()
    compressed: list[bytes] = []
    compress = gzip.compress

    def counting(data: bytes, **how: int) -> bytes:
        compressed.append(data)
        return compress(data, **how)

    monkeypatch.setattr(gzip, "compress", counting)
    for _ in range(2):
        assert (await stranger.get(script)).headers["Content-Encoding"] == "gzip"
    [whole] = compressed
    plain = await stranger.get(script, headers={"Accept-Encoding": "identity"})
    part = await stranger.get(script, headers={"Range": "bytes=0-9"})
    unchanged = await stranger.get(script, headers={"If-None-Match": plain.headers["ETag"]})
    assert (plain.content, part.content, unchanged.status_code) == (whole, whole[:10], 304)
    assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize(
    "path", ["..%2fconf.json", "%2e%2e/index.html.j2", "..%2f..%2f..%2f..%2fpyproject.toml"]
)
async def test_only_static_files_are_served(stranger: httpx.AsyncClient, path: str) -> None:
    answer = await stranger.get(f"/voila/templates/gifapp/static/{path}")
    assert answer.status_code in {403, 404}


async def test_page_loads_are_rate_limited(
    stranger: httpx.AsyncClient, sign_in: SignIn, parts: Parts
) -> None:
    ada = await sign_in("ada@example.org")
    user_id = parts.identity.people.id_of("ada@example.org")
    for _ in range(30):
        parts.request_limits.count("pages", user_id=user_id, address="127.0.0.1")
    page = await ada.get("/")
    assert (page.status_code, "the limit for opening dashboards" in page.text) == (429, True)
    assert int(page.headers["Retry-After"]) <= 60
    assert (await stranger.get("/")).status_code == 200  # the sign-in page starts no kernel


async def test_pages_without_a_kernel_are_rendered_once(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await stranger.get("/")
    monkeypatch.setattr(jinja2.Template, "render", None)
    second = await stranger.get("/")
    assert (second.status_code, second.text) == (200, first.text)


def test_page_templates_are_compiled_once(app: GifApp, monkeypatch: pytest.MonkeyPatch) -> None:
    assert voila.notebook_renderer.VoilaExporter is PageExporter
    PageExporter(template_paths=app.template_paths, template_name=TEMPLATE).template  # noqa: B018
    monkeypatch.setattr(jinja2.Environment, "_generate", None)
    PageExporter(template_paths=app.template_paths, template_name=TEMPLATE).template  # noqa: B018


def test_checkouts_templates_precede_installed_ones() -> None:
    directory = jupyter_directory()
    assert directory
    assert (directory / "pyproject.toml").is_file()
