import contextlib
import os
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PIL import ExifTags, Image, ImageCms

from gifapp import confinement, errors
from gifapp.conversion.probing.inspection import inspect
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Turn, turn_of_matrix, upright_size
from gifapp.domain.limits import Limits
from tests.support import clips
from tests.support.fakes import damaged, patched, truncated
from tests.support.letters import run_ffmpeg, write_clip
from tests.support.pictures import saved

LIMITS = Limits()


def test_facts_of_a_real_clip() -> None:
    video = probe(clips.real_clip(), limits=LIMITS)
    assert (video.container, video.codec, video.width_px, video.height_px) == ("mov", "h264", 1280, 720)
    assert video.duration_s == pytest.approx(5.28)
    assert video.fps == pytest.approx(25)
    assert video.notes == ()


@pytest.mark.parametrize(
    ("flags", "turn"),
    [
        ((), Turn.NONE),
        (("-display_rotation", "-90"), Turn.CLOCKWISE),
        (("-display_rotation", "180"), Turn.HALF),
        (("-display_rotation", "90"), Turn.COUNTERCLOCKWISE),
        (("-display_hflip",), Turn.MIRRORED),
        (("-display_rotation", "-90", "-display_hflip"), Turn.TRANSPOSED),
    ],
)
def test_display_matrix_gives_the_rotation(tmp_path: Path, flags: tuple[str, ...], turn: Turn) -> None:
    video = probe(clips.turned(tmp_path / "turned.mov", *flags), limits=LIMITS)
    assert video.turn is turn
    assert (video.width_px, video.height_px) == ((3, 2) if turn.swaps_sides else (2, 3))


@pytest.mark.parametrize(
    ("matrix", "turn"),
    [([0] * 9, Turn.NONE), ([46341, 46341, 0, -46341, 46341, 0, 0, 0, 1 << 30], None)],
    ids=["empty", "45 degrees"],
)
def test_unusual_display_matrix_is_no_error(matrix: list[int], turn: Turn | None) -> None:
    assert turn_of_matrix(matrix) is turn


MATRICES = """
import sys, av
from gifapp.conversion.probing.display_matrix import display_matrix
with av.open(sys.argv[1]) as film:
    print({display_matrix(picture) for picture in film.decode(video=0)})
"""


@pytest.mark.parametrize("name", ["clip.mov", "clip.mkv", "clip.avi"])
def test_icc_profile_in_each_picture_is_harmless(tmp_path: Path, name: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stored = saved(Image.new("RGB", (4, 2)), "PNG", icc_profile=profile) * 3
    run_ffmpeg("-f", "png_pipe", "-i", "pipe:0", "-c", "copy", tmp_path / name, stdin=stored)
    for _ in range(3):  # a double free need not crash the process the first time
        video = probe(tmp_path / name, limits=LIMITS)
        assert (video.codec, video.width_px, video.height_px) == ("png", 4, 2)


def test_icc_profiles_of_many_pictures_are_harmless(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    stored = saved(Image.new("RGB", (4, 2)), "PNG", icc_profile=profile) * 100
    run_ffmpeg("-f", "png_pipe", "-i", "pipe:0", "-c", "copy", tmp_path / "clip.mov", stdin=stored)
    argv = [sys.executable, "-c", MATRICES, str(tmp_path / "clip.mov")]
    assert subprocess.run(argv, check=True, capture_output=True, text=True).stdout == "{None}\n"


@pytest.mark.parametrize(("orientation", "turn"), [(1, Turn.NONE), (2, Turn.MIRRORED), (6, Turn.CLOCKWISE)])
def test_exif_orientation_rotates_pictures(tmp_path: Path, orientation: int, turn: Turn) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = saved(Image.new("RGB", (16, 8)), "JPEG", exif=exif) * 3
    run_ffmpeg("-f", "mjpeg", "-i", "pipe:0", "-c", "copy", tmp_path / "clip.mov", stdin=stored)
    assert probe(tmp_path / "clip.mov", limits=LIMITS).turn is turn


def test_non_square_pixels_are_squared_without_losing_resolution() -> None:
    assert upright_size(640, 360, 2.0, Turn.NONE) == (1280, 360)
    assert upright_size(640, 360, 0.5, Turn.CLOCKWISE) == (720, 640)


def test_variable_frame_rate_is_detected(tmp_path: Path) -> None:
    video = probe(clips.uneven(tmp_path / "uneven.mp4"), limits=LIMITS)
    assert video.is_vfr
    assert "The frame rate varies; each picture is shown at the nearest frame." in video.notes


def test_duration_is_measured(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4")

    def claim_two_to_the_32(data: bytes) -> bytes:
        at = data.index(b"mvhd") + 4 + 16
        return data[:at] + struct.pack(">I", 0xFFFFFFFE) + data[at + 4 :]

    video = probe(patched(clip, claim_two_to_the_32), limits=LIMITS)
    assert video.duration_s == pytest.approx(1.0)


def test_duration_missing_in_the_stream_is_measured(tmp_path: Path) -> None:
    whole = clips.pattern(tmp_path / "whole.mkv")
    run_ffmpeg("-i", whole, "-c", "copy", "-live", "1", "-f", "matroska", tmp_path / "live.mkv")
    assert probe(tmp_path / "live.mkv", limits=LIMITS).duration_s == pytest.approx(1.0, abs=0.002)


def test_single_picture_has_no_rate(tmp_path: Path) -> None:
    video = probe(write_clip(tmp_path / "one.mkv", [["R"]]), limits=LIMITS)
    assert video.fps is None
    assert 0 < video.duration_s <= 0.2


def test_hdr_is_detected(tmp_path: Path) -> None:
    assert probe(clips.bright_hdr(tmp_path / "hdr.mp4"), limits=LIMITS).is_hdr


@pytest.mark.parametrize(("letters", "has_alpha"), [("R.", True), ("RG", False)])
def test_transparency_is_detected(tmp_path: Path, letters: str, *, has_alpha: bool) -> None:
    clip = write_clip(tmp_path / "clip.mov", [[letters], [letters]])
    assert probe(clip, limits=LIMITS).has_alpha is has_alpha


def test_vp9_alpha_is_kept(tmp_path: Path) -> None:
    stored = write_clip(tmp_path / "clip.mov", [["RR..", "RR.."] * 8] * 2)
    run_ffmpeg("-i", stored, "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", tmp_path / "clip.webm")
    video = probe(tmp_path / "clip.webm", limits=LIMITS)
    assert video.has_alpha
    assert video.decoder == "libvpx-vp9"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("hls.mp4", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n#EXT-X-ENDLIST\n"),
        ("dash.mp4", b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'),
        ("concat.mp4", b"ffconcat version 1.0\nfile /etc/passwd\n"),
        (
            "sdp.mp4",
            b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        ),
        ("picture.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'),
        ("page.html", b"<!doctype html><title>no</title>"),
        ("program", b"\x7fELF" + bytes(200)),
        ("one byte", b"a"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(50)),
        ("words.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhello\n"),
    ],
)
def test_file_that_is_not_a_video_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.SourceNotVideo):
        probe(tmp_path / name, limits=LIMITS)


def test_zip_without_pictures_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "clip.mp4", "w") as archive:
        archive.writestr("clip.mp4", clips.real_clip().read_bytes()[:5000])
    with pytest.raises(errors.SourceNotVideo):
        probe(tmp_path / "clip.mp4", limits=LIMITS)


def test_playlist_opens_no_connection(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n")
        with pytest.raises(errors.SourceNotVideo):
            probe(tmp_path / "list.mp4", limits=LIMITS)
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize("playlist", clips.PLAYLISTS)
def test_playlist_reads_no_other_file(tmp_path: Path, playlist: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)  # it would prevent that, too
    clips.pattern(tmp_path / "anothers.ts", seconds=0.2)
    (tmp_path / playlist).write_text(clips.PLAYLISTS[playlist])
    with pytest.raises(errors.SourceNotVideo):
        probe(tmp_path / playlist, limits=LIMITS)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda folder: folder / "missing.mp4", errors.SourceNotFound),
        (lambda folder: folder, errors.PicturesInvalid),
        (lambda folder: _file(folder, b""), errors.SourceEmpty),
        (lambda folder: truncated(clips.pattern(folder / "a.mp4"), keep=0.5), errors.SourceDamaged),
        (lambda folder: clips.sound_only(folder / "a.mp4"), errors.SourceWithoutPicture),
        (lambda folder: clips.with_cover(folder / "a.mp4"), errors.SourceWithoutPicture),
        (lambda folder: _encrypted(folder / "a.mp4"), errors.SourceEncrypted),
        (lambda folder: _exotic(folder / "a.mkv"), errors.SourceCodecUnsupported),
        (lambda folder: _fifo(folder / "a.mp4"), errors.SourceNotVideo),
    ],
    ids=["missing", "empty folder", "empty", "no moov", "sound", "cover", "encrypted", "codec", "pipe"],
)
def test_unsupported_video_is_refused_with_its_reason(
    tmp_path: Path, make: Callable[[Path], Path], error: type[errors.SourceRefused]
) -> None:
    with pytest.raises(error):
        probe(make(tmp_path), limits=LIMITS)


def test_too_many_pixels_are_refused(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="640x480", seconds=0.1)
    with pytest.raises(errors.SourceTooManyPixels, match="640 x 480"):
        probe(clip, limits=Limits(max_pixels=640 * 480 - 1))


@pytest.mark.parametrize("every", [37, 501, 5003])
def test_flipped_bytes_raise_only_our_errors(tmp_path: Path, every: int) -> None:
    clip = damaged(clips.pattern(tmp_path / "clip.mp4"), every=every, start=32)
    with contextlib.suppress(errors.SourceRefused):
        assert probe(clip, limits=LIMITS).width_px > 0


@pytest.mark.parametrize(
    "name", ["-i.mp4", "$(id).mp4", "%d.mp4", "a\nb.mp4", "concat:ok.mp4", "\u202e4pm.mp4", "'\".mp4"]
)
def test_file_name_is_never_interpreted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    write_clip(tmp_path / "ok.mkv", [["R"], ["G"]]).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name), limits=LIMITS).width_px == 1


def test_inspection_refuses_a_file_that_is_not_a_video(tmp_path: Path) -> None:
    with pytest.raises(errors.SourceNotVideo):
        inspect(_file(tmp_path, b"no video"), 1000)


def _file(folder: Path, content: bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content)
    return path


def _encrypted(path: Path) -> Path:
    key = "76a6c65c5ea762046bd749a2e632ccbb"
    clips.pattern(path.with_name("clear.mp4"), seconds=0.2)
    cenc = ("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key)
    run_ffmpeg("-i", path.with_name("clear.mp4"), "-c", "copy", *cenc, path)
    return path


def _exotic(path: Path) -> Path:
    return clips.pattern(path, seconds=0.1, to=("-c:v", "snow", "-strict", "-2"))


def _fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def test_inspection_can_be_cancelled_and_leaves_no_process() -> None:
    before = psutil.Process().children()
    with pytest.raises(errors.Cancelled):
        probe(clips.real_clip(), limits=LIMITS, checkpoint=cancel)
    assert psutil.Process().children() == before


def cancel() -> None:
    raise errors.Cancelled
