"""Pages opened in Chromium, for tests that use them as a person does."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = """--no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --disable-sync --no-first-run""".split()
WRITTEN = 400  # milliseconds; after 150 the page writes its hash
READ = re.compile(
    r"(?P<optimizer>\w+), step size (?P<step_size>\S+), step (?P<step>\d+), epoch (?P<epoch>\S+): "
    r"(?P<metric>.+?) (?P<value>(not a number|infinite|[-\d.e]+)(?: \[.+, .+\])?)"
    r"; (?P<status>.*)"
)


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def opening(browser: Browser) -> Iterator[Callable]:
    """Open pages of studies, which must not complain, fail, or ask for anything but themselves."""
    contexts, faults = [], []

    def console(message):
        if message.type in ("error", "warning"):
            faults.append(f"console: {message.text}")

    def opened(file: Path, hash: str = "", **options) -> Explorer:
        def request(asked):
            scheme = asked.url.split(":")[0]
            if scheme not in ("data", "blob") and asked.url.split("#")[0] != file.as_uri():
                faults.append(f"request: {asked.url}")

        options = {"viewport": {"width": 1280, "height": 900}, **options}
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("console", console)
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("request", request)
        page.goto(file.as_uri() + hash)
        explorer = Explorer(page)
        explorer.until("document.querySelector('#curves canvas') && document.fonts.ready")
        return explorer

    yield opened
    for context in contexts:
        context.close()
    assert not faults, faults


def as_read(text: str) -> list[float]:
    """Median, low and high of "0.9130 [0.9102, 0.9151]"; all three are the one that is there."""
    words = {"infinite": np.inf, "not a number": np.nan}
    numbers = [words[n] if n in words else float(n) for n in re.split(r" \[|, ", text.strip("]"))]
    return numbers if len(numbers) == 3 else numbers * 3


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2."""
    channels = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


class Explorer:
    """The page of a study."""

    def __init__(self, page: Page):
        self.page, self.mouse = page, page.mouse
        self.press, self.label = page.keyboard.press, page.get_by_label

    # what a person does

    def select(self, **choices: str) -> None:
        for key, value in choices.items():
            self.page.select_option(f"[data-key={key}]", value)

    def press_in(self, plot: str, key: str) -> None:
        self.page.locator(f"#{plot}").press(key)

    def click(self, name: str, section: str = "body") -> None:
        """Click a button of that name."""
        self.page.locator(section).get_by_role("button", name=name, exact=True).click()

    def come_to(self, run: str) -> None:
        """Come to the end of a run whose curve is drawn."""
        self.click(run, "#legend")

    def pin(self, run: str) -> None:
        self.come_to(run)
        self.click(f"Pin {run}")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.mouse.move(*start)
        self.mouse.down()
        self.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.mouse.move(*end)
        self.mouse.up()
        self.mouse.move(5, 5)  # where it reads nothing

    def focus_by_tab(self, plot: str) -> None:
        """Come to a plot by Tab alone."""
        for _ in range(60):
            self.press("Tab")
            if self.page.evaluate("document.activeElement.id") == plot:
                return
        raise AssertionError(f"Tab does not reach {plot}")

    def saved(self, name: str, section: str) -> Path:
        """The file that a button of a section offers."""
        with self.page.expect_download() as download:
            self.click(name, f"[aria-labelledby={section}]")
        return Path(download.value.path())

    def until(self, condition: str) -> None:
        """Wait for a condition in JavaScript."""
        self.page.wait_for_function(condition, timeout=10_000)

    # what a person sees

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

    def legend(self) -> list[str]:
        """The runs whose curves are drawn."""
        return self.page.locator("#legend button").all_inner_texts()

    def headings(self) -> list[str]:
        """Of the cards: "gd, step size 0.3 Pin"."""
        texts = self.page.locator("#cards h3").all_inner_texts()
        return [" ".join(text.split()) for text in texts]

    def cards(self) -> list[dict[str, list[str]]]:
        """The rows of the cards: of each metric what it is at the step, and at the end."""
        cards = [card.inner_text() for card in self.page.locator("#cards table").all()]
        rows = [[line.split("\t") for line in card.splitlines() if "\t" in line] for card in cards]
        return [{name: values for name, *values in card} for card in rows]

    def table(self) -> pd.DataFrame:
        """The table of the sweep, as texts."""
        self.page.evaluate("document.querySelector('#in-table').open = true")
        self.until("document.querySelectorAll('#table tbody tr').length")
        head, *rows = self.page.evaluate(
            "[...document.querySelectorAll('#table tr')].map(tr =>"
            " [...tr.cells].map(cell => cell.textContent))"
        )
        return pd.DataFrame(rows, columns=head)

    def frame(self, plot: str, x: float, y: float) -> tuple[float, float]:
        """A place in the window, of shares of a plot's frame from its upper left."""
        self.page.locator(f"#{plot}").scroll_into_view_if_needed()
        box = self.page.locator(f"#{plot} .u-over").bounding_box()
        assert box
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def mark(self, plot: str) -> tuple[float, float]:
        """Where a plot marks the current run, in shares of its frame; nan where it does not."""
        frame, mark = (self.page.locator(f"#{plot} .{name}") for name in ("u-over", "marker"))
        if mark.is_hidden():
            return np.nan, np.nan
        around, box = frame.bounding_box(), mark.bounding_box()
        assert around
        assert box
        return tuple(
            (box[start] + box[size] / 2 - around[start]) / around[size]
            for start, size in (("x", "width"), ("y", "height"))
        )

    def end(self, plot: str, run: str) -> tuple[float, float]:
        """Where the end of a run whose curve is drawn is, in the window."""
        self.come_to(run)
        return self.frame(plot, *self.mark(plot))

    def swatch(self, run: str) -> list[int]:
        """The colour of a run in the legend."""
        button = self.page.locator("#legend").get_by_role("button", name=run, exact=True)
        colour = button.locator(".swatch").evaluate("of => getComputedStyle(of).backgroundColor")
        return [int(part) for part in re.findall(r"\d+", colour)]

    def pixels(self, run: str) -> int:
        """How many pixels of the curves have the colour of a run."""
        return self.page.evaluate(
            """(colour) => {
                const canvas = document.querySelector("#curves canvas");
                const { width, height } = canvas, copy = new OffscreenCanvas(width, height);
                const pen = copy.getContext("2d");
                pen.drawImage(canvas, 0, 0);
                const all = pen.getImageData(0, 0, width, height).data;
                let count = 0;
                for (let i = 0; i < all.length; i += 4) {
                    if (colour.every((part, k) => Math.abs(part - all[i + k]) <= 2)) count++;
                }
                return count;
            }""",
            self.swatch(run),
        )

    def luminances(self) -> set[tuple[float, float]]:
        """Of the texts and the grounds on which they stand."""
        colours = self.page.evaluate(
            """() => {
                const ground = (of) => {
                    const colour = getComputedStyle(of).backgroundColor;
                    return colour.endsWith(", 0)") ? ground(of.parentElement) : colour;
                };
                const written = (of) => [...of.childNodes].some((node) => node.data?.trim());
                return [...document.querySelectorAll("body *")]
                    .filter((of) => of.checkVisibility() && written(of))
                    .map((of) => [getComputedStyle(of).color, ground(of)]);
            }"""
        )
        return {(luminance(ink), luminance(ground)) for ink, ground in colours}

    def in_plane(self, elements: str, *keys: str) -> np.ndarray:
        """Attributes of elements of the picture of the path."""
        found = self.page.locator(f"#plane {elements}").all()
        return np.array([[float(of.get_attribute(key)) for key in keys] for of in found])

    def state(self) -> list:
        """What the controls, the lines below the plots, their marks, legend and cards show."""
        controls = "[...document.querySelectorAll('input, select')].map(e => [e.value, e.checked])"
        reads = self.page.locator("output").all_inner_texts()
        marks = [self.mark(plot) for plot in ("sweep", "curves")]
        shown = [self.legend(), self.headings(), self.cards()]
        return [self.page.evaluate(controls), reads, marks, *shown]

    def width(self) -> int:
        """Pixels across, with those to which one would have to scroll."""
        return self.page.evaluate("document.documentElement.scrollWidth")

    def hash(self) -> str:
        """The part of the address that holds the state."""
        self.page.wait_for_timeout(WRITTEN)
        return self.page.evaluate("location.hash")
