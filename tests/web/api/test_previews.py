"""Previews over HTTP: short loops that are made at once and leave nothing."""

from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from gifapp.domain.views.jobs import SourceView
from tests.web.api.conftest import SUBTITLES, Person, SignUp, is_problem


@pytest.fixture
async def preview_url(ada: Person, source: SourceView) -> str:
    """The signed URL to which the page posts recipes."""
    return str((await ada.http.get(f"/api/v1/sources/{source.id}")).json()["preview_url"])


async def preview(http: httpx.AsyncClient, url: str, recipe: dict[str, Any], **more: Any) -> httpx.Response:
    return await http.post(url, json={"recipe": recipe, **more}, timeout=120)


def delays_ms(gif: bytes) -> list[int]:
    with Image.open(BytesIO(gif)) as picture:
        return [(picture.seek(number), picture.info["duration"])[1] for number in range(picture.n_frames)]


async def test_preview_looks_like_the_gif(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView, preview_url: str, storage: Path
) -> None:
    recipe = {"width_px": 32, "colours": 16, "loop": 1, "subtitles": SUBTITLES}
    signed = await preview(stranger, preview_url, recipe)
    assert (signed.status_code, signed.headers["Content-Type"]) == (200, "image/gif")
    assert signed.headers["Cache-Control"] == "no-store"
    with Image.open(BytesIO(signed.content)) as gif:
        assert gif.size == (32, 24)
        assert len(gif.getcolors() or []) <= 16
        assert gif.info["loop"] == 0
    assert sum(delays_ms(signed.content)) == 1000
    own = await preview(ada.http, f"/api/v1/sources/{source.id}/preview", recipe)
    assert own.content == signed.content
    assert not list((storage / "scratch").iterdir())
    assert (await ada.http.get("/api/v1/jobs")).json()["jobs"] == []


async def test_preview_plays_the_chosen_part(stranger: httpx.AsyncClient, preview_url: str) -> None:
    first, second = {"start_s": 0, "end_s": 0.2}, {"start_s": 0.6, "end_s": 0.9}
    lengths = [
        sum(
            delays_ms(
                (await preview(stranger, preview_url, {"segments": [first, second]}, at_s=at_s)).content
            )
        )
        for at_s in (0.1, 0.7)
    ]
    assert lengths == [200, 300]


async def test_preview_plays_the_listed_frames_around_a_time(
    stranger: httpx.AsyncClient, preview_url: str
) -> None:
    frames = [{"number": 9}, {"number": 1, "delay_cs": 150}, {"number": 0, "delay_cs": 40}]
    played = await preview(stranger, preview_url, {"frames": frames}, at_s=0.1)
    assert delays_ms(played.content) == [1500]
    wrong = await preview(stranger, preview_url, {"frames": [{"number": 10}]})
    assert "frames.0.number must be from 0 to 9" in is_problem(wrong, 422, "recipe-invalid")["detail"]


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("apng", "image/apng"),
        ("mp4", "video/mp4"),
        ("webm", "video/webm"),
    ],
)
async def test_preview_has_the_recipes_format(
    stranger: httpx.AsyncClient, preview_url: str, name: str, content_type: str
) -> None:
    made = await preview(stranger, preview_url, {"format": name, "width_px": 32})
    assert (made.status_code, made.headers["Content-Type"]) == (200, content_type)


async def test_impossible_recipe_is_refused(
    stranger: httpx.AsyncClient, preview_url: str, sign_up: SignUp, source: SourceView
) -> None:
    late = {"segments": [{"start_s": 100}]}
    is_problem(await preview(stranger, preview_url, late), 422, "range-outside-source")
    is_problem(await preview(stranger, preview_url, {"colours": 1}), 422, "recipe-invalid")
    is_problem(await preview(stranger, preview_url, {}, at_s=-1), 422, "field-invalid")
    forged = preview_url.replace("signature=", "signature=x")
    is_problem(await preview(stranger, forged, {}), 403, "media-link-invalid")
    eve = sign_up("eve")
    is_problem(await preview(eve.http, f"/api/v1/sources/{source.id}/preview", {}), 404, "not-found")


async def test_preview_reports_its_range(stranger: httpx.AsyncClient, preview_url: str) -> None:
    made = await preview(stranger, preview_url, {"segments": [{"start_s": 0.2, "end_s": 0.5}]})
    assert made.headers["Preview-Range"] == "0.200-0.500"


async def test_captions_are_drawn_for_their_owner_only(
    ada: Person, stranger: httpx.AsyncClient, sign_up: SignUp, source: SourceView
) -> None:
    url = (await ada.http.get(f"/api/v1/sources/{source.id}")).json()["layers_url"]
    recipe = {"captions": [{"text": "Hi", "size_px": 12, "position": "top"}], "subtitles": SUBTITLES}
    drawn = (await stranger.post(url, json={"recipe": recipe}, timeout=120)).json()
    assert (drawn["width_px"], drawn["height_px"], drawn["notes"]) == (64, 48, [])
    assert [layer["part"] for layer in drawn["layers"]] == ["captions.0", "subtitles"]
    top, bottom = drawn["layers"]
    assert top["y_px"] + top["height_px"] < 24 < bottom["y_px"]
    with Image.open(BytesIO(b64decode(top["png"]))) as picture:
        assert (picture.format, picture.mode, picture.size) == (
            "PNG",
            "RGBA",
            (top["width_px"], top["height_px"]),
        )
    own = f"/api/v1/sources/{source.id}/layers"
    is_problem(
        await stranger.post(url.replace("signature=", "signature=x"), json={}), 403, "media-link-invalid"
    )
    is_problem(await sign_up("eve").http.post(own, json={}), 404, "not-found")
    damaged = {"overlay": {"image": b64encode(b"\x89PNG\r\n\x1a\nno").decode()}}
    is_problem(await ada.http.post(own, json={"recipe": damaged}, timeout=120), 422, "recipe-invalid")
