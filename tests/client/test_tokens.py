import asyncio

import pytest

from gifapp import errors
from gifapp.client import Client
from gifapp.client.tokens import KernelToken
from tests.client.scripted_service import ScriptedService

USER = {"id": "1", "email": "ada@example.com", "role": "user"}


def token(name: str, expires_in: float) -> tuple[int, object]:
    return 200, {"access_token": name, "expires_in": expires_in, "user": USER}


async def test_kernel_token_is_exchanged_once_per_access_token(
    scripted: ScriptedService,
) -> None:
    scripted.answers["kernel/token"] = token("first", 900)
    kernel_token = KernelToken(scripted.url, "of the kernel")
    assert await asyncio.to_thread(kernel_token) == "first"
    assert await asyncio.to_thread(kernel_token) == "first"
    assert scripted.asked == ["kernel/token"]


async def test_access_token_is_renewed_before_it_expires(scripted: ScriptedService) -> None:
    scripted.answers["kernel/token"] = token("first", 0.1)
    kernel_token = KernelToken(scripted.url, "of the kernel")
    assert await asyncio.to_thread(kernel_token) == "first"
    await asyncio.sleep(0.06)
    scripted.answers["kernel/token"] = token("second", 900)
    assert await asyncio.to_thread(kernel_token) == "second"


async def test_signed_in_client_refreshes_its_access_token(scripted: ScriptedService) -> None:
    scripted.answers |= {"auth/login": token("first", 0.1), "auth/refresh": token("second", 900)}
    with await asyncio.to_thread(Client.sign_in, scripted.url, "ada@example.com", "a password") as client:
        await asyncio.sleep(0.06)
        assert await asyncio.to_thread(client.access_token) == "second"
    assert scripted.asked == ["auth/login", "auth/refresh"]


async def test_service_errors_keep_their_message_and_facts(scripted: ScriptedService) -> None:
    problem = {
        "code": "job-not-finished",
        "detail": "Still {running}.",
        "title": "Conflict",
        "state": "running",
    }
    scripted.answers["jobs/1"] = (409, problem)
    with Client(scripted.url, "a token") as client, pytest.raises(errors.JobNotFinished) as refused:
        await asyncio.to_thread(client.job, "1")
    assert str(refused.value) == "Still {running}."
    assert refused.value.facts == {"state": "running"}


async def test_unknown_error_of_a_newer_service_keeps_its_message(scripted: ScriptedService) -> None:
    scripted.answers["jobs/1"] = (418, {"code": "not-known-here", "detail": "Something new.", "title": "New"})
    raises = pytest.raises(errors.GifappError, match=r"Something new\.")
    with Client(scripted.url, "a token") as client, raises:
        await asyncio.to_thread(client.job, "1")


async def test_unreachable_service_is_reported_in_one_sentence(scripted: ScriptedService) -> None:
    await scripted.stop()
    with pytest.raises(errors.ServiceUnavailable, match="Can't reach gifapp"):
        await asyncio.to_thread(Client(scripted.url, "a token").jobs)


def test_from_environment_names_the_missing_variable() -> None:
    with pytest.raises(errors.SettingInvalid, match="GIFAPP_URL"):
        Client.from_environment()
