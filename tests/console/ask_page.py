"""The Ask page as its users meet it: by labels and roles."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

TEXT = "Should a small team start with a monolith? A monolith is simple to deploy. A monolith can grow hard to change."


class AskPage:
    """Fills the form, asks, and finds what came of it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.prompt = page.get_by_label("Question")
        self.picker = page.get_by_role("combobox", name="Add a model")
        self.seats = page.get_by_role("list", name="Seats").get_by_role("listitem")
        self.ask_button = page.get_by_role("button", name="Ask", exact=False).and_(page.locator(".primary"))
        self.stop_button = page.get_by_role("button", name="Stop")
        self.totals = page.locator(".totals")

    def open(self, url: str, models: tuple[str, ...] = (), text: str = TEXT, resolution: str = "Side by side") -> None:
        """Open the page and fill the form; no `models` leaves those that stand there."""
        self.page.goto(url)
        self.prompt.fill(text)
        if models:
            self.clear_seats()
            for model in models:
                self.add_seat(model)
        self.page.get_by_text(resolution, exact=True).click()

    def clear_seats(self) -> None:
        while self.seats.count():
            self.seats.first.get_by_role("button", name="Remove").click()

    def add_seat(self, name: str) -> None:
        """Type a model's name, listed or not, and take it."""
        self.picker.fill(name)
        self.picker.press("Enter")
        expect(self.picker).to_have_value("")

    def ask(self) -> None:
        self.ask_button.click()

    def answer(self, model: str) -> Locator:
        return self.page.get_by_role("article", name=model, exact=True)

    def fact(self, model: str, name: str) -> Locator:
        return self.answer(model).locator("dl div").filter(has_text=name).locator("dd")

    def draft(self) -> dict[str, Any]:
        stored = self.page.evaluate("sessionStorage.getItem('parley.ask')")
        found: dict[str, Any] = json.loads(stored)
        return found
