"""Local copies of remote files."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gifapp.storage.blob import Blob
from gifapp.storage.cache import Cache

A, B, C = (Blob("source", letter * 64) for letter in "abc")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", limit_bytes=25)


def content(size: int) -> Callable[[Path], None]:
    def fetch(path: Path) -> None:
        path.write_bytes(bytes(size))

    return fetch


def never(_: Path) -> None:
    pytest.fail("it is here")


def cached(tmp_path: Path) -> set[str]:
    return {path.name[-1] for path in (tmp_path / "cache" / "files").iterdir()}


def test_least_recently_used_copy_is_evicted_first(cache: Cache, tmp_path: Path) -> None:
    for number, blob in enumerate((A, B)):
        cache.link(blob, tmp_path / f"used-{number}", content(10))
        os.utime(tmp_path / f"used-{number}", (number, number))
    cache.link(A, tmp_path / "again", never)
    cache.link(C, tmp_path / "more", content(10))
    assert cached(tmp_path) == {"a", "c"}
    assert (tmp_path / "used-1").read_bytes() == bytes(10)  # the open file can still be read


def test_file_larger_than_the_cache_is_used_and_not_kept(cache: Cache, tmp_path: Path) -> None:
    cache.link(A, tmp_path / "large", content(100))
    assert (tmp_path / "large").stat().st_size == 100
    assert cached(tmp_path) == set()


def test_concurrent_readers_share_one_download(cache: Cache, tmp_path: Path) -> None:
    fetched: list[Path] = []

    def slowly(path: Path) -> None:
        fetched.append(path)
        time.sleep(0.2)
        path.write_bytes(b"all")

    asking = [
        threading.Thread(target=cache.link, args=(A, tmp_path / str(number), slowly)) for number in range(5)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(fetched) == 1
    assert [(tmp_path / str(number)).read_bytes() for number in range(5)] == [b"all"] * 5


def test_copy_being_downloaded_is_not_evicted(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache", limit_bytes=0)

    def meanwhile_another(path: Path) -> None:
        path.write_bytes(b"one")
        cache.link(B, tmp_path / "other", content(10))

    cache.link(A, tmp_path / "one", meanwhile_another)
    assert (tmp_path / "one").read_bytes() == b"one"
    assert (tmp_path / "other").read_bytes() == bytes(10)
    assert cached(tmp_path) == set()


def test_partial_copy_of_a_killed_process_is_removed(cache: Cache, tmp_path: Path) -> None:
    left = tmp_path / "cache" / "files" / "source-x.part"
    left.write_bytes(bytes(100))
    cache.link(A, tmp_path / "used", content(10))
    assert left.exists()
    os.utime(left, (0, 0))
    cache.link(A, tmp_path / "again", never)
    assert cached(tmp_path) == {"a"}


def test_failed_download_leaves_nothing(cache: Cache, tmp_path: Path) -> None:
    def breaks(path: Path) -> None:
        path.write_bytes(b"half")
        raise FileNotFoundError(path)

    with pytest.raises(FileNotFoundError):
        cache.link(A, tmp_path / "used", breaks)
    assert cached(tmp_path) == set()
    assert not (tmp_path / "used").exists()


def test_local_file_is_not_downloaded(cache: Cache, tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"gif")
    cache.add(tmp_path / "made", A)
    cache.add(tmp_path / "made", A)
    (tmp_path / "made").unlink()
    cache.link(A, tmp_path / "used", never)
    assert (tmp_path / "used").read_bytes() == b"gif"
    cache.forget(A)
    assert cached(tmp_path) == set()
