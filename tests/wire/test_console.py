"""The console's files over HTTP: open, unchanged between visits, and with nothing foreign in them."""

import http.client
import re
from pathlib import Path
from urllib.parse import urlsplit

import parley
from serving import OPEN, serving

CONSOLE = Path(parley.__file__).parent / "console"


def fetch(url: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    answer = response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    connection.close()
    return answer


def test_page_needs_no_key_and_says_whether_to_ask_for_one() -> None:
    with serving("") as keyed:
        status, headers, page = fetch(keyed, "/")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b'data-auth="keys"' in page
    with serving(OPEN) as open_server:
        assert b'data-auth="open"' in fetch(open_server, "/")[2]


def test_every_file_is_served_with_a_policy_that_allows_nothing_foreign() -> None:
    with serving("") as url:
        for file in CONSOLE.rglob("*"):
            if file.suffix in {".js", ".css", ".svg"}:
                status, headers, content = fetch(url, f"/console/{file.relative_to(CONSOLE).as_posix()}")
                assert (status, content) == (200, file.read_bytes()), file
                policy = headers["content-security-policy"]
                assert "default-src 'none'" in policy
                assert "unsafe" not in policy


def test_file_that_was_not_changed_is_not_sent_again() -> None:
    with serving("") as url:
        tag = fetch(url, "/console/app.js")[1]["etag"]
        for held in (tag, f"W/{tag}", f'"an older one", {tag}'):
            status, headers, content = fetch(url, "/console/app.js", {"if-none-match": held})
            assert (status, content, headers["etag"]) == (304, b"", tag)
        assert fetch(url, "/console/app.js", {"if-none-match": '"an older one"'})[0] == 200


def test_nothing_outside_the_console_is_served() -> None:
    with serving("") as url:
        for path in ("nothing.js", "../gateway.py", "..%2fgateway.py", "%2e%2e/gateway.py", "vendor/vendor.json", ""):
            assert fetch(url, f"/console/{path}")[0] == 404, path


def test_own_files_name_no_other_origin_and_run_nothing_inline() -> None:
    for file in CONSOLE.rglob("*"):
        if file.suffix not in {".js", ".css", ".html"} or "vendor" in file.parts:
            continue
        text = file.read_text()
        assert not re.search(r"(?:src|href|from|import|url)\s*[=(]?\s*[\"'`(]\s*(?:https?:)?//", text), file
        assert "innerHTML" not in text, file
        assert "dangerouslySetInnerHTML" not in text or file.name == "markdown.js", file
        assert not re.search(r"\sstyle=\"|\son[a-z]+=\"", text), file
