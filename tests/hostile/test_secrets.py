"""No log contains a credential, even at the most verbose level."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gifapp.processes import wait_until
from tests.support.letters import write_clip
from tests.support.service import RunningService, running_service

PASSWORD = "a password that nobody may read"
WRONG = "a password that is another's"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("service")
    with running_service(directory, GIFAPP_LOG_LEVEL="debug", GIFAPP_LOG_FORMAT="json") as running:
        yield running


def test_no_secret_is_in_the_log_of_a_whole_visit(service: RunningService, tmp_path: Path) -> None:
    used = _live(service, write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]]).read_bytes())
    secret = (service.printed.parent / "data" / "secret.key").read_text().strip()
    logs = [service.printed, *(service.printed.parent / "data" / "logs").iterdir()]
    assert {"web.log", "workers.log", "redis-server.log", "mongod.log"} <= {log.name for log in logs}
    logged = "\n".join(log.read_text() for log in logs)
    assert logged.count(service.setup_url) == service.printed.read_text().count(service.setup_url) == 1
    logged = logged.replace(service.setup_url, "")  # the terminal must show it
    for cut in ("/nothing/gifapp_…", "&signature=…", "/?setup=…", "/?invite=…", "/?reset=…", "/s/…"):
        assert cut in logged  # the log has that request, without its secret
    for kind, value in {**used, "signing secret": secret}.items():
        assert len(value) > 15, kind
        assert value not in logged, kind


def _misplace(service: RunningService, secret: str) -> None:
    """Send a secret where none belongs, in spellings that no route accepts."""
    by_number = "".join(f"%{ord(letter):02x}" for letter in secret)
    headers = {"Referer": f"{service.url}/?token={secret}", "Cookie": f"gifapp_session={secret}"}
    for path in (
        *(f"/api/v1/me?access_token={secret}", f"/%73/{secret}", f"/s/{by_number}", f"//s/{secret}."),
        *(f"/S/{secret}", f"/api/kernels/{secret}", f"/?%69nvite={by_number}", f"/voila/static/{secret}"),
    ):
        answer = httpx.get(service.url + path, headers=headers, timeout=30)
        assert answer.status_code in (200, 400, 401, 403, 404), path
        assert secret not in answer.text + str(answer.headers), path


def _live(service: RunningService, video: bytes) -> dict[str, str]:
    """Register, fail, sign in, upload, convert, look, refresh, sign out; return the secrets used."""
    with httpx.Client(base_url=f"{service.url}/api/v1", timeout=30) as http:
        httpx.get(service.setup_url, timeout=30).raise_for_status()
        account = {"email": "ada@example.com", "password": PASSWORD}
        http.post("/auth/register", json=account | {"setup_token": "not this one"})
        http.post("/auth/register", json=account | {"setup_token": service.setup_url.rpartition("=")[2]})
        assert http.post("/auth/login", json=account | {"password": WRONG}).status_code == 401
        signed_in = http.post("/auth/login", json=account).raise_for_status().json()
        first_cookie = http.cookies["gifapp_session"]
        bearer = {"Authorization": f"Bearer {signed_in['access_token']}"}
        source = http.post("/sources?name=a.mkv", content=video, headers=bearer).json()
        job = http.post("/jobs", json={"source_id": source["id"]}, headers=bearer).json()
        path = f"/jobs/{job['id']}"
        assert wait_until(
            lambda: http.get(path, headers=bearer).json()["gif"] is not None, timeout_s=30, every_s=0.1
        )
        address = http.get(path, headers=bearer).json()["gif"]["url"]
        signature = re.search(r"signature=([^&]+)", address)
        assert signature is not None
        httpx.get(service.url + address).raise_for_status()
        httpx.get(service.url + address.replace(job["id"], "0" * 32))
        httpx.get(
            service.url, cookies=dict(http.cookies), timeout=30
        ).raise_for_status()  # load a page, which starts a kernel
        http.get("/me", headers={"Authorization": f"Bearer {signed_in['access_token']}x"})
        api_token = http.post("/me/tokens", json={"name": "a script"}, headers=bearer).json()["token"]
        http.get("/me", headers={"Authorization": f"Bearer {api_token}"}).raise_for_status()
        http.get(f"/nothing/{api_token}")
        user = f"/admin/users/{signed_in['user']['id']}"
        reset = http.post(f"{user}/reset-link", headers=bearer).raise_for_status().json()
        invite = http.post("/admin/invites", headers=bearer).raise_for_status().json()
        for link in (reset, invite):
            httpx.get(service.url + link["path"], timeout=30).raise_for_status()
        share = http.post(f"/jobs/{job['id']}/shares", json={}, headers=bearer).raise_for_status().json()
        httpx.get(share["url"], timeout=30).raise_for_status()
        for secret in (signed_in["access_token"], api_token, share["url"].rpartition("/")[2], first_cookie):
            _misplace(service, secret)
        http.post("/auth/refresh", headers={"X-XSRFToken": http.cookies["_xsrf"]}).raise_for_status()
        used = {
            "password": PASSWORD,
            "wrong password": WRONG,
            "access token": signed_in["access_token"],
            "first cookie": first_cookie.partition(".")[2],
            "second cookie": http.cookies["gifapp_session"].partition(".")[2],
            "signature": signature[1],
            "API token": api_token,
            "reset link": reset["token"],
            "invitation": invite["token"],
            "setup token": service.setup_url.rpartition("=")[2],
            "public link": share["url"].rpartition("/")[2],
        }
        http.post("/auth/logout", headers={"X-XSRFToken": http.cookies["_xsrf"]}).raise_for_status()
    return used
