"""tus-js-client in a browser, with more chunks a minute than a user may start uploads."""

import hashlib
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import gifapp.widgets
from gifapp.domain.rates import Rates
from tests.support.clips import real_clip
from tests.support.service import RunningService

PART_BYTES = 3000
VENDOR = Path(gifapp.widgets.__file__).parent / "vendor"

UPLOAD = """
([encoded, size, token]) => new Promise((resolve, reject) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  let parts = 0;
  new tus.Upload(new Blob([bytes]), {
    endpoint: "/api/v1/uploads",
    chunkSize: size,
    headers: { Authorization: `Bearer ${token}` },
    onChunkComplete: () => (parts += 1),
    onSuccess: ({ lastResponse }) => resolve([parts, lastResponse.getHeader("Upload-Source")]),
    onError: (error) => reject(error),
  }).start();
})
"""


@pytest.mark.timeout(120)
def test_chunks_of_three_kilobytes_upload_a_whole_video(service: RunningService, browser: Browser) -> None:
    video = real_clip().read_bytes()
    parts = -(-len(video) // PART_BYTES)
    assert parts > int(Rates().uploads.partition("/")[0])
    with service.sign_up("ada@example.com") as client, browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{service.url}/health/live")
        page.add_script_tag(path=VENDOR / "tus.min.js")
        sent, source_id = page.evaluate(
            UPLOAD, [b64encode(video).decode(), PART_BYTES, client.access_token()]
        )
        assert sent == parts
        assert client.source(source_id).sha256 == hashlib.sha256(video).hexdigest()
