"""The public page for formats other than GIF, and for names that contain markup."""

import pytest

from gifapp.web.share_page import SharedGifPage, page

LINK = "https://gifs.example/s/token"


def shown(name: str, kind: str, file: str = "file") -> SharedGifPage:
    return SharedGifPage(name, kind, LINK, f"{LINK}/{file}", width_px=64, height_px=48, bytes=1000)


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_video_is_played_as_a_video(suffix: str) -> None:
    html = page(shown(f"clip.{suffix}", f"video/{suffix}"))
    assert "<video" in html
    assert f'property="og:video" content="{LINK}/file"' in html
    assert f'property="og:video:type" content="video/{suffix}"' in html
    assert "og:image" not in html


@pytest.mark.parametrize("kind", ["image/gif", "video/mp4"])
def test_name_is_escaped(kind: str) -> None:
    html = page(shown('"><script>alert(1)</script>.gif', kind, file='"><script>'))
    assert "<script" not in html
    assert "&lt;script&gt;" in html
