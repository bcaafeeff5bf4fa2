"""Proxies: made once, stored beside the video, gone with it."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from gifapp import errors
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.parts import JobParts
from gifapp.storage.blob import Blob
from tests.jobs.conftest import files_below, purge
from tests.support.clips import pattern

Upload = Callable[..., SourceView]


def test_proxy_is_made_once_and_goes_with_its_video(
    parts: JobParts, upload: Upload, storage: Path, tmp_path: Path
) -> None:
    source = upload(data=pattern(tmp_path / "clip.mp4", size="640x360", seconds=0.4).read_bytes())
    assert parts.proxies.find("ann", source.id) is None
    proxy = parts.proxies.make("ann", source.id)
    assert parts.proxies.find("ann", source.id) == proxy == Blob("proxy", source.sha256)
    with parts.blobs.store.local(proxy) as path:
        made_ns = path.stat().st_mtime_ns
        with av.open(path) as clip:
            assert (clip.format.name, clip.streams.video[0].width) == ("matroska,webm", 480)
            assert [float(frame.time or 0) for frame in clip.decode(video=0)] == pytest.approx(
                [number / 25 for number in range(10)], abs=0.006
            )
        parts.proxies.make("ann", source.id)
        assert path.stat().st_mtime_ns == made_ns
    assert parts.housekeeping.compare().removed_files == 0
    parts.sources.delete("ann", source.id)
    purge(parts)
    assert files_below(storage) == set()


def test_video_that_was_deleted_meanwhile_leaves_no_proxy(
    parts: JobParts, upload: Upload, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upload()
    conversions = parts.proxies._conversions

    def proxy(path: Path, video: object, keep: Callable[[Path], None]) -> None:
        parts.sources.delete("ann", source.id)
        purge(parts)
        made = storage / "scratch" / "made"
        made.write_bytes(b"webm")
        keep(made)

    monkeypatch.setattr(conversions, "proxy", proxy)
    parts.proxies.make("ann", source.id)
    assert files_below(storage) == set()


def test_proxies_are_made_one_at_a_time(
    parts: JobParts, upload: Upload, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others_wait: list[bool] = []

    def proxy(path: Path, video: object, keep: Callable[[Path], None]) -> None:
        others_wait.append(parts.proxies._turn.locked())
        made = storage / "scratch" / "made"
        made.write_bytes(b"webm")
        keep(made)

    monkeypatch.setattr(parts.proxies._conversions, "proxy", proxy)
    source = upload()
    parts.proxies.make("ann", source.id)
    parts.proxies.make("ann", source.id)
    assert others_wait == [True]


def test_proxy_leaves_the_reserve_of_disk_space(
    parts: JobParts, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upload()
    monkeypatch.setattr(parts.proxies, "_reserve_bytes", 10**18)
    with pytest.raises(errors.DiskFull):
        parts.proxies.make("ann", source.id)


def test_another_persons_video_and_a_long_one_have_none(
    parts: JobParts, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upload()
    with pytest.raises(errors.NotFound, match="no such source"):
        parts.proxies.make("eve", source.id)
    monkeypatch.setattr("gifapp.conversion.playable.MAX_PROXY_S", 0.1)
    assert parts.sources.find("ann", source.id).proxy_url is None
    with pytest.raises(errors.NotFound):
        parts.proxies.make("ann", source.id)
