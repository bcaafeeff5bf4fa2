import asyncio

import pytest

from gifapp import errors
from gifapp.domain.job import JobState
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import Event, ProgressEvent
from gifapp.widgets.dashboard.gallery import PATCH_EVERY_S
from gifapp.widgets.dashboard.job_list import COUNT_AFTER_S, PAGE_JOBS
from tests.widgets.dashboard.conftest import OpenPage, Page
from tests.widgets.scripted import (
    GIF,
    UNREACHABLE,
    ScriptedClient,
    a_job,
    a_source,
)


async def test_dashboard_starts_with_the_services_jobs_and_sources(page: Page) -> None:
    assert page.shown_ids == ["job-2", "job-1"]
    assert page.dashboard.editor.source == a_source(2)
    assert page.dashboard.upload.compact


async def test_without_videos_only_the_drop_zone_is_shown(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient())
    assert page.dashboard.editor.layout.display == "none"
    assert not page.dashboard.upload.compact


async def test_uploaded_video_is_chosen_and_converted_with_one_click(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient())
    page.upload.says(type="uploaded", source_id="source-5")
    assert page.dashboard.editor.source == a_source(5)
    page.dashboard.editor.submit.click()
    assert page.client.job("job-90").recipe == Recipe()
    assert page.shown_ids == ["job-90"]


async def test_finished_upload_does_not_replace_the_chosen_video(page: Page) -> None:
    editor = page.dashboard.editor
    editor.form.trim.fps.control.value = "10"
    page.upload.says(type="uploaded", source_id="source-5")
    assert editor.source == a_source(2)
    assert page.notice_texts == [f"{a_source(5).name} is ready: choose it above the picture."]
    editor.form.trim.fps.control.value = "80"  # invalid
    page.upload.says(type="uploaded", source_id="source-6")
    assert editor.source == a_source(2)
    editor.form.trim.fps.control.value = "10"
    editor.submit.click()
    page.upload.says(type="uploaded", source_id="source-7")
    assert editor.source == a_source(7)


async def test_upload_token_is_sent_as_a_message_and_never_as_a_trait(page: Page) -> None:
    page.upload.says(type="token", upload=3)
    assert page.upload.messages == [{"type": "token", "upload": 3, "token": "a token"}]
    assert "a token" not in str(page.dashboard.upload.get_state())


async def test_upload_without_a_token_shows_why(page: Page) -> None:
    page.client.failure = errors.TokenExpired()
    page.upload.says(type="token", upload=3)
    assert page.upload.messages == [{"type": "token", "upload": 3, "refused": str(errors.TokenExpired())}]


async def test_gif_is_renamed(page: Page) -> None:
    page.gallery.says(type="rename", id="job-1", name="Jump")
    assert page.shown_names == ["clip-1.mp4", "Jump"]
    page.client.failure = UNREACHABLE
    page.gallery.says(type="rename", id="job-1", name="Fall")
    assert (page.shown_names[1], page.notice_texts) == ("Jump", [str(UNREACHABLE)])
    assert page.gallery.of_type("settled")[-1] == {"type": "settled", "id": "job-1"}


async def test_renamed_video_renames_its_gifs(page: Page) -> None:
    page.stage.says(type="rename", id="source-1", name="beach.mov")
    assert page.shown_names == ["beach.mov", "beach.mov"]
    assert [source["name"] for source in page.dashboard.editor.stage.sources] == ["clip-2.mp4", "beach.mov"]


async def test_video_that_another_page_renamed_is_shown(page: Page) -> None:
    await settled()
    changed = page.client.rename_source("source-1", "beach.mov")
    page.client.emit(Event(cursor="1-0", type="source.changed", source=changed))
    assert page.shown_names == ["beach.mov", "beach.mov"]


async def test_events_update_the_gallery(page: Page) -> None:
    await settled()
    page.client.emit(Event(cursor="1-0", type="job.changed", job=a_job(3, JobState.RUNNING)))
    page.client.emit(Event(cursor="2-0", type="job.deleted", id="job-1"))
    assert set(page.shown_ids) == {"job-3", "job-2"}


async def test_progress_moves_the_bar_of_a_running_job(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1, JobState.RUNNING, attempts=1)], [a_source(1)]))
    await settled()
    page.client.emit(progress_of("job-1", attempt=1))
    assert page.shown_words == ["Drawing frames, 50%"]


async def test_progress_of_an_unknown_attempt_reads_the_job(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1)], [a_source(1)]))
    await settled()
    page.client.starts("job-1")
    page.client.emit(progress_of("job-1", attempt=1))
    assert page.shown_words == ["Drawing frames, 50%"]


async def test_progress_of_a_deleted_job_is_no_error(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1), a_job(2)], [a_source(1)]))
    await settled()
    page.client.delete("job-1")  # deleted in another tab; the event is still on its way
    page.client.emit(progress_of("job-1", attempt=1))
    page.client.emit(progress_of("job-9", attempt=1))
    assert (page.shown_ids, page.notice_texts) == (["job-2", "job-1"], [])


async def test_events_of_another_tab_update_the_sources(page: Page) -> None:
    await settled()
    page.client.emit(Event(cursor="1-0", type="source.created", source=a_source(3)))
    page.client.emit(Event(cursor="2-0", type="source.deleted", id="source-2"))
    assert [source["id"] for source in page.dashboard.editor.stage.sources] == ["source-3", "source-1"]


async def test_reset_reads_the_jobs_again(page: Page) -> None:
    await settled()
    page.client.delete("job-1")
    page.client.emit(Event(cursor="9-0", type="reset"))
    assert page.shown_ids == ["job-2"]


async def test_queue_position_is_updated_without_an_event(open_page: OpenPage) -> None:
    waiting = [a_job(1, queue_position=3), a_job(2, JobState.RUNNING)]
    page = open_page(ScriptedClient(waiting), read_queue_s=0.05)
    await settled()
    page.client.failure = UNREACHABLE  # the service may be down for a while, which needs no notice
    await asyncio.sleep(0.15)
    page.client.somebody_else_is_done()
    await asyncio.sleep(0.1 + PATCH_EVERY_S)
    [patch] = page.gallery.of_type("patch")
    assert [card["status"] for card in patch["cards"]] == ["2nd in line"]
    assert page.notice_texts == []
    assert page.client.failure is None


async def test_more_gifs_are_shown_on_request(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(number) for number in range(1, PAGE_JOBS + 3)], [a_source(1)]))
    assert len(page.shown_ids) == PAGE_JOBS
    gallery = page.dashboard.gallery
    assert (gallery.has_more, gallery.total) == (True, PAGE_JOBS + 2)
    page.gallery.says(type="more")
    assert [card["id"] for message in page.gallery.of_type("more") for card in message["cards"]] == [
        "job-2",
        "job-1",
    ]
    assert len(page.shown_ids) == PAGE_JOBS + 2
    assert not gallery.has_more


async def test_all_shown_pages_are_read_again_after_an_outage(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(number) for number in range(1, 3 * PAGE_JOBS)], [a_source(1)]))
    await settled()
    page.gallery.says(type="more")
    page.client.emit(Event(cursor="9-0", type="reset"))
    assert len(page.shown_ids) == 2 * PAGE_JOBS


async def test_search_results_are_kept_up_to_date_by_events(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1), a_job(2, JobState.RUNNING)], [a_source(1), a_source(2)]))
    await settled()
    select(page, state="running")
    assert (page.shown_ids, page.dashboard.gallery.total) == (["job-2"], 1)
    page.client.emit(Event(cursor="1-0", type="job.changed", job=a_job(3)))
    assert page.shown_ids == ["job-2"]
    page.client.emit(Event(cursor="2-0", type="job.changed", job=a_job(1, JobState.RUNNING)))
    page.client.emit(Event(cursor="3-0", type="job.changed", job=a_job(2, JobState.SUCCEEDED)))
    assert page.shown_ids == ["job-1"]
    select(page, search="no such name")
    assert page.shown_ids == []


async def test_event_of_a_job_on_a_later_page_adds_no_card(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(number) for number in range(1, PAGE_JOBS + 3)], [a_source(1)]))
    await settled()
    page.client.emit(Event(cursor="1-0", type="job.changed", job=a_job(1, JobState.RUNNING)))
    assert "job-1" not in page.shown_ids
    page.client.emit(Event(cursor="2-0", type="job.changed", job=a_job(99)))
    assert "job-99" in page.shown_ids


async def test_number_of_gifs_is_updated_after_an_event(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1), a_job(2)], [a_source(1)]))
    await settled()
    page.client.delete("job-1")  # in another tab
    page.client.emit(Event(cursor="1-0", type="job.deleted", id="job-1"))
    await asyncio.sleep(COUNT_AFTER_S + 0.1)
    assert page.dashboard.gallery.total == 1


async def test_gifs_are_filtered_by_their_video(page: Page) -> None:
    assert [source["id"] for source in page.dashboard.gallery.sources] == ["source-2", "source-1"]
    select(page, source_id="source-1")
    assert page.shown_ids == ["job-2", "job-1"]
    select(page, source_id="source-2")
    assert page.shown_ids == []


async def test_lost_connection_is_shown_until_it_is_back(page: Page) -> None:
    await settled()
    page.client.connected(False)
    assert not page.dashboard.notices.is_live
    page.client.connected(True)
    assert page.dashboard.notices.is_live


@pytest.mark.parametrize(("action", "state"), [("cancel", JobState.CANCELLED), ("retry", JobState.QUEUED)])
async def test_cards_button_changes_its_job(page: Page, action: str, state: JobState) -> None:
    page.gallery.says(type=action, id="job-1")
    assert page.client.job("job-1").state is state
    assert page.gallery.messages[-1] == {"type": "settled", "id": "job-1"}


async def test_deleted_job_leaves_the_gallery(page: Page) -> None:
    page.gallery.says(type="delete", id="job-1")
    assert page.shown_ids == ["job-2"]


async def test_deleted_job_is_restored(page: Page) -> None:
    page.gallery.says(type="delete", id="job-1")
    [notice] = page.notices.of_type("notice")
    assert notice["text"] == "The job of clip-1.mp4 was deleted."
    page.notices.says(type="undo", id=notice["undo"])
    page.notices.says(type="undo", id=notice["undo"])
    assert page.shown_ids == ["job-2", "job-1"]
    assert page.gallery.of_type("point") == [{"type": "point", "id": "job-1"}]
    assert len(page.notice_texts) == 1


async def test_several_jobs_are_deleted_and_restored_together(page: Page) -> None:
    page.gallery.says(type="batch", action="delete", ids=["job-1", "job-2"])
    assert page.shown_ids == []
    [notice] = page.notices.of_type("notice")
    assert notice["text"] == "2 GIFs were deleted."
    page.notices.says(type="undo", id=notice["undo"])
    assert page.shown_ids == ["job-2", "job-1"]


async def test_several_jobs_are_cancelled(page: Page) -> None:
    page.gallery.says(type="batch", action="cancel", ids=["job-1", "job-2"])
    assert page.shown_words == ["Cancelled", "Cancelled"]


async def test_several_gifs_are_downloaded_by_the_page(page: Page) -> None:
    page.gallery.says(type="batch", action="download", ids=["job-1", "job-2"])
    assert page.gallery.of_type("download") == [{"type": "download", "url": "/media/archives/job-1-job-2"}]


async def test_purged_job_cannot_be_restored_and_the_page_says_so(page: Page) -> None:
    page.gallery.says(type="delete", id="job-1")
    page.client.purge()
    page.notices.says(type="undo", id=page.notices.of_type("notice")[0]["undo"])
    assert page.shown_ids == ["job-2"]
    assert page.notice_texts[-1] == "It's too late to undo this: it was deleted for good."


async def test_failed_deletion_keeps_the_card_and_shows_the_error(page: Page) -> None:
    page.client.failure = UNREACHABLE
    page.gallery.says(type="delete", id="job-1")
    assert page.shown_ids == ["job-2", "job-1"]
    assert page.notice_texts == [str(UNREACHABLE)]


async def test_recipe_of_a_job_is_copied_into_the_form(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1, recipe=Recipe(width_px=99))], [a_source(1), a_source(2)]))
    page.gallery.says(type="reuse", id="job-1")
    assert page.dashboard.editor.source == a_source(1)
    assert page.dashboard.editor.form.recipe() == Recipe(width_px=99)
    assert page.notice_texts == ["The form now has the settings of this GIF."]


async def test_make_it_smaller_sets_half_the_size_as_the_limit(open_page: OpenPage) -> None:
    there = a_job(1, JobState.SUCCEEDED, gif=GIF, recipe=Recipe(width_px=99))
    page = open_page(ScriptedClient([there], [a_source(1)]))
    page.gallery.says(type="smaller", id="job-1")
    assert page.dashboard.editor.form.recipe() == Recipe(width_px=99, target_bytes=1_500_000)
    assert page.notice_texts == [
        "The settings of this GIF are in the form, with a max size of 1.5 MB (it is 3.1 MB)."
    ]
    page.gallery.says(type="smaller", id="job-9")
    assert len(page.notice_texts) == 2


async def test_copying_a_recipe_without_its_video_asks_for_the_video(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1)]))
    page.gallery.says(type="reuse", id="job-1")
    assert page.notice_texts == ["This job's video was deleted. Upload it again."]


async def test_deleted_video_is_replaced_by_the_next(page: Page) -> None:
    page.stage.says(type="remove", id="source-2")
    assert page.dashboard.editor.source == a_source(1)


async def test_deleted_video_is_restored(page: Page) -> None:
    page.stage.says(type="remove", id="source-2")
    [notice] = page.notices.of_type("notice")
    assert notice["text"] == "clip-2.mp4 was deleted."
    page.notices.says(type="undo", id=notice["undo"])
    assert [source["id"] for source in page.dashboard.editor.stage.sources] == ["source-2", "source-1"]


async def test_existing_gif_is_highlighted_with_a_notice(open_page: OpenPage) -> None:
    there = a_job(1, JobState.SUCCEEDED, gif=GIF)
    page = open_page(ScriptedClient([there, a_job(2, recipe=Recipe(fps=10.0))], [a_source(1)]))
    page.dashboard.editor.submit.click()
    assert page.gallery.messages[-1] == {"type": "point", "id": "job-1"}
    [notice] = page.notices.of_type("notice")
    assert (notice["text"], notice["look"]) == ("You already have this GIF.", "info")
    assert page.shown_ids == ["job-2", "job-1"]


async def test_new_gif_is_not_announced_as_existing(page: Page) -> None:
    page.dashboard.editor.submit.click()
    assert (page.notice_texts, page.gallery.of_type("point")) == ([], [])


async def test_failed_submission_can_be_repeated_at_once(page: Page) -> None:
    page.client.failure = UNREACHABLE
    page.dashboard.editor.submit.click()
    page.dashboard.editor.submit.click()
    assert page.client.job("job-90").recipe == Recipe()


async def test_page_knows_how_many_gifs_a_video_has(open_page: OpenPage) -> None:
    page = open_page(ScriptedClient([a_job(1, JobState.SUCCEEDED, gif=GIF), a_job(2)], [a_source(1)]))
    await settled()
    page.client.emit(Event(cursor="1-0", type="job.changed", job=a_job(2, JobState.SUCCEEDED, gif=GIF)))
    assert page.dashboard.editor.stage.gifs == {"source-1": 2}
    page.gallery.says(type="delete", id="job-1")
    assert page.dashboard.editor.stage.gifs == {"source-1": 1}


async def test_unreachable_service_is_reported_and_the_page_still_works(open_page: OpenPage) -> None:
    client = ScriptedClient()
    page = open_page(client)
    client.failure = UNREACHABLE
    page.dashboard._receive(Event(cursor="1-0", type="reset"))
    assert page.notice_texts == [str(UNREACHABLE)]


async def test_unexpected_error_is_shown_and_logged(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    page.client.failure = ZeroDivisionError("a bug")
    page.dashboard.editor.submit.click()
    assert page.notice_texts == ["Something went wrong on this page. Reload it and try again."]
    assert "ZeroDivisionError: a bug" in caplog.text


def progress_of(job_id: str, *, attempt: int) -> Event:
    """An event with half of the job's frames drawn."""
    progress = ProgressEvent(job_id=job_id, attempt=attempt, phase="writing", fraction=0.5)
    return Event(cursor="1-0", type="job.progress", progress=progress)


def select(page: Page, **chosen: str) -> None:
    """Search, filter or sort as a user does."""
    page.gallery.says(type="query", query=chosen)


async def settled() -> None:
    """Let the dashboard start following events."""
    await asyncio.sleep(0)
