"""Pages opened in Chromium, for tests that use them as a person does."""

import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pandas as pd
from playwright.sync_api import Page

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WRITTEN = 400  # milliseconds; after 150 the page writes its hash
READ = re.compile(
    r"(?P<optimizer>\w+), step size (?P<step_size>\S+), step (?P<step>\d+), epoch (?P<epoch>\S+): "
    r"(?P<metric>.+?) (?P<values>not a number|infinite|[-\d.e]+)(?: \[(?P<range>.+), (?P<to>.+)\])?"
    r"; (?P<status>.*)"
)


def listen(page: Page, file: Path, faults: list[str]) -> None:
    """Collect what a page must not do: complain, fail, or ask for anything but itself."""

    def console(message):
        if message.type in ("error", "warning"):
            faults.append(f"console: {message.text}")

    def request(asked):
        scheme = asked.url.split(":")[0]
        if scheme not in ("data", "blob") and asked.url.split("#")[0] != file.as_uri():
            faults.append(f"request: {asked.url}")

    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("request", request)


class Explorer:
    """The page of a study."""

    def __init__(self, page: Page):
        self.page = page
        self.press, self.label = page.keyboard.press, page.get_by_label

    def picture(self, plot: str) -> str:
        """What is drawn in a plot."""
        return self.page.evaluate(f"document.querySelector('#{plot} canvas').toDataURL()")

    def pictures(self) -> list[str]:
        return [self.picture(plot) for plot in ("sweep", "curves")]

    def read(self, plot: str) -> dict[str, str]:
        """What the line below a plot says."""
        text = self.page.locator(f"#{plot}-read").inner_text()
        match = READ.fullmatch(text)
        assert match, text
        return match.groupdict()

    def at(self, plot: str) -> tuple[str, int]:
        """The run and the step of that line."""
        read = self.read(plot)
        return f"{read['optimizer']} {read['step_size']}", int(read["step"])

    def select(self, key: str, value: str) -> None:
        self.page.select_option(f"[data-key={key}]", value)

    def click(self, name: str, section: str = "body") -> None:
        """Click a button of that name."""
        self.page.locator(section).get_by_role("button", name=name, exact=True).click()

    def legend(self) -> list[str]:
        """The runs whose curves are drawn."""
        return self.page.locator("#legend button").all_inner_texts()

    def cards(self) -> list[str]:
        return self.page.locator("#cards article").all_inner_texts()

    def headings(self) -> list[str]:
        """Of the cards: "gd, step size 0.3 Pin"."""
        texts = self.page.locator("#cards h3").all_inner_texts()
        return [" ".join(text.split()) for text in texts]

    def place(self, plot: str, run: str) -> tuple[float, float]:
        """Where the end of a run that is chosen is, in the window."""
        self.click(run, "#legend")
        self.page.locator(f"#{plot}").scroll_into_view_if_needed()
        box = self.page.locator(f"#{plot} .marker").bounding_box()
        assert box
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def frame(self, plot: str) -> Callable[[float, float], tuple[float, float]]:
        """A function from shares of a plot's frame, from the upper left, to places."""
        self.page.locator(f"#{plot}").scroll_into_view_if_needed()
        box = self.page.locator(f"#{plot} .u-over").bounding_box()
        assert box
        return lambda x, y: (box["x"] + x * box["width"], box["y"] + y * box["height"])

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        mouse = self.page.mouse
        mouse.move(*start)
        mouse.down()
        mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        mouse.move(*end)
        mouse.up()

    def hash(self) -> str:
        """The part of the address that holds the state."""
        self.page.wait_for_timeout(WRITTEN)
        return self.page.evaluate("location.hash")

    def saved(self, name: str, section: str) -> Path:
        """The file that a button offers."""
        with self.page.expect_download() as download:
            self.click(name, section)
        return Path(download.value.path())

    def csv(self, section: str) -> pd.DataFrame:
        return pd.read_csv(self.saved("Save as CSV", section))

    def table(self) -> pd.DataFrame:
        """The table of the sweep, as texts."""
        self.page.evaluate("document.querySelector('#in-table').open = true")
        self.until("document.querySelectorAll('#table tbody tr').length")
        rows = self.page.evaluate(
            "[...document.querySelectorAll('#table tr')].map(tr =>"
            " [...tr.cells].map(cell => cell.textContent))"
        )
        return pd.DataFrame(rows[1:], columns=["optimizer", "step_size", "step", "value", "status"])

    def until(self, condition: str) -> None:
        """Wait for a condition in JavaScript."""
        self.page.wait_for_function(condition, timeout=10_000)

    def focus_by_tab(self, plot: str) -> None:
        """Come to a plot by Tab alone."""
        for _ in range(60):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.id") == plot:
                return
        raise AssertionError(f"Tab does not reach {plot}")

    def close(self) -> None:
        with suppress(Exception):
            self.page.context.close()
