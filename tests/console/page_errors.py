"""What a page may not do: write an error to its console, throw what nobody catches, or ask another origin."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request


class PageErrors:
    """Collects complaints in `heard`; `check` fails on those that no test expected, and on those that never came."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.heard.append(f"uncaught: {error}"))
        page.on("request", self._see)

    def expect(self, *parts: str) -> None:
        """Allow every complaint that holds one of `parts`, such as "status of 401"; each must occur."""
        self._expected += parts

    def check(self) -> None:
        foreign = [line for line in self.heard if not any(part in line for part in self._expected)]
        missing = [part for part in self._expected if not any(part in line for line in self.heard)]
        assert not foreign, "The page complained:\n" + "\n".join(foreign)
        assert not missing, f"The page was expected to complain of {missing}, and did not."

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _see(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme in ("data", "blob") or (request.is_navigation_request() and asked.hostname == "127.0.0.1"):
            return
        if asked.netloc != urlsplit(request.frame.page.url).netloc:
            self.heard.append(f"asked a foreign origin: {request.url}")
