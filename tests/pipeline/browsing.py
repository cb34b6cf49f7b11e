"""Make the pages of small studies without Snakemake, and use them in Chromium."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import numpy as np
import yaml
from playwright.sync_api import Browser, Page

import download
import evaluate
import explore
import minimise
import summarise
import theory
import train
from descent.config.checks import read_studies
from descent.run import Run, Sweep

NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
QUIET = """--no-sandbox --disable-gpu --disable-background-networking --disable-component-update
    --disable-sync --no-first-run""".split()
WRITTEN = 400  # milliseconds; the page writes its hash after 150
PLOTS = ("sweep", "curves")


def make_pages(folder: Path, config: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chdir(folder):
        for name, study in read_studies(yaml.safe_load(config), []).items():
            data, results = Path(study.data), Path(study.folder)
            sweep = Sweep.from_json(study.sweep)
            for place in [data, *map(Path, [*study.iterates, *study.traces])]:
                place.parent.mkdir(parents=True, exist_ok=True)
            download.download(study.dataset, Path("raw"), data)
            minimisers = [Path(file) for file in study.minimisers]
            for file in minimisers:
                file.parent.mkdir(parents=True, exist_ok=True)
                minimise.minimise(data, json.loads(study.objective(file.stem)), file)
            known = [results / "theory.json", results / "expected.csv"]
            theory.theory(data, sweep, minimisers, *known)
            files = zip(
                study.runs.items(), study.iterates, study.traces, study.records, strict=True
            )
            for ((optimizer, _), planned), iterates, trace, record in files:
                run, paths = Run.from_json(planned.json), (Path(trace), Path(record))
                train.train(data, run, "numpy", Path(iterates))
                minimiser = [Path(file) for file in study.minimiser(run)]
                of_run = name, optimizer, "numpy", *paths, run, "numpy", minimiser
                evaluate.evaluate(Path(iterates), data, *of_run, study.curvature_samples)
            tables = [results / f"{table}.csv" for table in ("traces", "summary", "predictions")]
            texts, keys = (results / "headline.txt", results / "best.yaml"), {"optimizers": {}}
            summarise.summarise(results, sweep, known, *tables, texts[0], keys, texts[1])
            shown = [*tables[:2], known, list(study.panels), data, study.question]
            explore.explore(results, sweep, *shown, results / "explorer.html")


@contextmanager
def opening(browser: Browser) -> Iterator[Callable]:
    """Open pages, which must write no warning or error, and request nothing but themselves."""
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
        page.wait_for_function("performance.getEntriesByName('drawn').length")
        return Explorer(page)

    yield opened
    for context in contexts:
        context.close()
    assert not faults, faults


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2."""
    channels = np.array([int(part) for part in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


class Explorer:
    def __init__(self, page: Page):
        self.page = page
        self.run = page.evaluate

    def select(self, **choices: str) -> None:
        for key, value in choices.items():
            self.page.select_option(f"select[data-key={key}]", value)

    def slide(self, key: str, value: float) -> None:
        """Move a slider: alpha, by its logarithm, or row."""
        self.run(
            "([key, value]) => { const slider = document.querySelector(`[data-key=${key}]`);"
            "slider.value = value; slider.dispatchEvent(new Event('input')); }",
            [key, value],
        )

    def click(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()

    def count(self, selector: str) -> int:
        return self.page.locator(selector).count()

    def saved(self, action: str) -> Path:
        with self.page.expect_download() as saved:
            self.page.locator(f"[data-do={action}]").click()
        return Path(saved.value.path())

    def curves(self) -> list[str]:
        """The runs whose curves are drawn, by the table."""
        return [row[0] for row in self.table() if row[1]]

    def table(self) -> list[list]:
        """The cells of the table of runs: texts, and whether the box is checked."""
        self.run("document.querySelector('#in-table').open = true")
        self.page.wait_for_selector("#table tbody tr")
        return self.run(
            "[...document.querySelectorAll('#table tbody tr')].map((tr) => [...tr.cells]"
            ".map((td) => td.querySelector('input')?.checked ?? td.textContent))"
        )

    def card(self, number: int = 0) -> dict[str, list[str]]:
        """The rows of a card: each metric at the selected step, and at the end."""
        rows = self.page.locator("#cards table").nth(number).locator("tr").all_inner_texts()
        return {name: values for name, *values in (row.split("\t") for row in rows)}

    def path(self, selector: str) -> np.ndarray:
        """The pixels of a path in a plot [points, 2]."""
        d = self.page.locator(selector).first.get_attribute("d")
        return np.array(re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", d), float)

    def state(self) -> list:
        controls = "[...document.querySelectorAll('input, select')].map(e => [e.value, e.checked])"
        plots = [self.run(f"document.querySelector('#{plot}').innerHTML") for plot in PLOTS]
        return [self.run(controls), plots, self.text("#cards")]

    def hash(self) -> str:
        self.page.wait_for_timeout(WRITTEN)
        return self.run("location.hash")
