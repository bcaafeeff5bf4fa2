"""The benchmark's arithmetic."""

import sys
import threading
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import cores, costs, encoding, frames, measure, quality, table
from benchmarks.costs import Row
from benchmarks.goals import Goal
from benchmarks.measure import Cost
from benchmarks.quality import Quality


def film(*, offsets: tuple[float, ...] = (0, 0, 0)) -> quality.Frames:
    """A smooth picture of 32 by 24, one frame for each offset of its brightness."""
    across, down = np.meshgrid(np.linspace(60, 180, 32), np.linspace(0, 20, 24))
    picture = np.repeat((across + down)[..., None], 3, axis=2)
    return np.stack([picture + offset for offset in offsets]).astype(np.uint8)


def test_equal_films_have_the_best_scores() -> None:
    same = quality.compare(film(), film())
    assert (same.ssim, same.ssimulacra2, same.flicker, same.crawl) == pytest.approx((1, 100, 0, 0))
    assert same.psnr_db > 100


def test_constant_error_of_five_steps_gives_34_db_without_flicker() -> None:
    seen = quality.compare(film(offsets=(5, 5, 5)), film())
    assert seen.psnr_db == pytest.approx(20 * np.log10(255 / 5), abs=0.01)
    assert seen.blurred_psnr_db == pytest.approx(seen.psnr_db, abs=0.01)
    assert (seen.flicker, seen.crawl) == (0, 0)
    assert seen.ssim < 1
    assert seen.ssimulacra2 < 100


def test_alternating_error_flickers() -> None:
    seen = quality.compare(film(offsets=(4, 0, 4)), film())
    assert seen.flicker == pytest.approx(4, abs=0.01)


def test_crawling_dither_looks_better_blurred_and_flickers_less_than_it_crawls() -> None:
    chequers = 8 * (np.indices((24, 32)).sum(axis=0) % 2)[..., None]
    crawling = np.stack([film()[0] + chequers, film()[0] + 8 - chequers]).astype(np.uint8)
    seen = quality.compare(crawling, film(offsets=(4, 4)))
    assert seen.crawl == pytest.approx(8, abs=0.01)
    assert seen.flicker < 1
    assert seen.blurred_psnr_db > seen.psnr_db + 10


def test_frames_are_compared_by_time() -> None:
    first, second = (Image.new("RGB", (2, 2), colour) for colour in ("#ff0000", "#0000ff"))
    gif = BytesIO()
    first.save(gif, "GIF", save_all=True, append_images=[second], duration=[300, 100])
    seen = quality.frames_of(BytesIO(gif.getvalue()), 4)
    assert [tuple(frame[0, 0]) for frame in seen] == [(255, 0, 0)] * 3 + [(0, 0, 255)]


def test_gains_are_positive_where_a_measure_is_better() -> None:
    ours = Quality(36, 42, 0.98, 70, 0.5, 2)
    theirs = Quality(35, 43, 0.97, 75, 0.7, 1)
    gains = quality.gains(ours, theirs)
    assert [gain > 0 for gain in gains] == [True, False, True, False, True, False]


@pytest.mark.parametrize("first", [0, 1, 100, 199, 200])
def test_least_lossy_level_that_suffices_is_chosen(first: int) -> None:
    assert encoding.smallest_where(lambda lossy: lossy >= first, 200) == first


def test_most_lossy_level_is_chosen_if_none_suffices() -> None:
    assert encoding.smallest_where(lambda lossy: lossy > 200, 200) == 200


def test_goal_is_met_when_every_value_is() -> None:
    met = Goal.at_most("CPU", 0.1, {"film": 0.1, "screen": 0.02})
    assert (met.measured, met.lacking) == ("film 0.10, screen 0.02", "")
    assert Goal.at_most("CPU", 0.1, {"film": 0.05, "screen": 0.3}).lacking == "3.0 times as much"


def test_goal_of_at_least_reports_the_shortfall() -> None:
    assert Goal.at_least("speed", 1.8, 1.75, "as it is").lacking == "0.05"
    assert Goal.at_least("speed", 1.8, 1.8, "as it is").lacking == ""


def test_goal_of_no_loss_names_what_lost() -> None:
    assert Goal.no_loss("PSNR", {"film": 0.0, "screen": 1.5}, 1).lacking == ""
    assert Goal.no_loss("PSNR", {"film": -0.25, "screen": 1.5}, 2).lacking == "film -0.25"
    assert Goal.no_loss("PSNR", {"film": 1.0}, 1, ["film"]).lacking == "film: too many bytes"


def test_speed_ratios_use_cpu_time() -> None:
    rows = [Row("gifapp convert", Cost(2, 9, 0)), Row("other", Cost(8, 1, 0))]
    assert costs.ratio(rows, "other") == 0.25


def test_cost_of_a_command_includes_its_child_processes() -> None:
    burn = "import time\nwhile time.process_time() < 0.4: pass"
    cost = measure.run(
        [sys.executable, "-c", f"import subprocess as s; s.run([{sys.executable!r}, '-c', {burn!r}])"]
    )
    assert 0.4 < cost.cpu_s < 2
    assert cost.wall_s > 0.4
    assert cost.memory_bytes > 5_000_000


def test_tables_replace_the_text_between_their_marks(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("a\n<!-- film -->\nold\n<!-- end -->\nb\n<!-- screen -->\n<!-- end -->\n")
    table.write(document, {"film": ["| 1 |"]})
    assert document.read_text() == "a\n<!-- film -->\n| 1 |\n<!-- end -->\nb\n<!-- screen -->\n<!-- end -->\n"


def test_frames_are_compared_in_cpu_bytes_and_exact_time() -> None:
    sequence = frames.Sequence("plot", 10, lambda: np.zeros((20, 2, 2, 3), np.uint8))
    results = [
        frames.Result(frames.GIFAPP, 1.0, 1000, 0.99, 2.0),
        frames.Result("other", 4.0, 5000, 0.9, 1.8),
    ]
    assert list(frames.rows(sequence, results)) == [
        ["plot, 10 fps", frames.GIFAPP, "1.00", "1.00", "1", "1.00", "0.9900", "+0.0 %"],
        ["", "other", "4.00", "0.25", "5", "0.20", "0.9000", "-10.0 %"],
    ]


def test_watch_counts_the_cpu_time_of_each_thread() -> None:
    is_done, may_end = threading.Event(), threading.Event()

    def work() -> None:
        while time.thread_time() < 0.05:
            pass
        is_done.set()
        may_end.wait()

    busy = threading.Thread(target=work)
    with cores.watched() as watch:
        busy.start()
        is_done.wait()
    may_end.set()
    busy.join()
    assert busy.native_id is not None
    assert watch.used_ns[busy.native_id] >= 45_000_000
    assert max(watch.used_ns, key=watch.used_ns.__getitem__) == busy.native_id
