"""Measures the size and the drawing times of a study's page in headless Chromium.

The study has 1,000 runs with synthetic traces; docs/speed.md has the results.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "scripts"))

from descent.analysis.summary import summary as summary_of  # noqa: E402
from descent.explorer.content import content  # noqa: E402
from descent.explorer.page import page  # noqa: E402
from descent.theory.results import TheoryResults  # noqa: E402

# milliseconds from a click on a button until the page is drawn
CLICK = """async (name) => {
  const start = performance.now();
  document.querySelector(`[data-do="${name}"]`).click();
  await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return performance.now() - start;
}"""


def main() -> None:
    """Write the page, open it several times, and print its size and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--page", type=Path, help="page of a study to use instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.page or Path(folder) / "explorer.html"
        if not arguments.page:
            traces = synthetic_traces(arguments.runs, arguments.steps, arguments.seeds)
            summary, start = summary_of(traces), perf_counter()
            theory = TheoryResults()
            run = {"trace": "", "sha256": "", "provenance": {"trained": {}, "evaluated": {}}}
            runs = {
                ("sgd", step_size): {"number": i, "label": repr(step_size), **run}
                for i, step_size in enumerate(summary["step_size"])
            }
            metadata, arrays = content(traces, summary, theory, runs, {"sgd": "shuffled"})
            metadata["question"] = "How fast is the page?"
            text = page(ROOT / "report/explorer", metadata, arrays)
            file.write_text(text, encoding="utf-8")
            print(f"written in {perf_counter() - start:.1f} s")
        print(f"{file.stat().st_size / 1e6:.2f} MB")
        for action, times in drawing_times(file, arguments.repeats).items():
            print(f"{action}: {median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")


def synthetic_traces(runs: int, steps: int, seeds: int) -> pd.DataFrame:
    """Return traces with one step size per run; their metrics decrease with noise."""
    step = np.unique(np.geomspace(1, 10_000, steps - 1).astype(int))
    step = np.r_[0, step, 10_000 + np.arange(1, steps - len(step))]
    random, parts = np.random.default_rng(0), []
    for step_size in np.geomspace(1e-4, 1e2, runs).tolist():
        objective = 2.3 / (1 + step_size * step) + 0.1 * np.exp(
            0.3 * random.normal(size=(seeds, steps))
        )
        columns = {
            "objective": objective,
            "train_loss": objective,
            "test_loss": objective * 1.1 + 0.01 * random.normal(size=objective.shape),
            "test_accuracy": np.round(np.exp(-objective), 4),
            "gradient_norm": objective * np.exp(random.normal(size=objective.shape)),
            "rises": np.full(objective.shape, np.nan),
        }
        index = {"seed": np.repeat(np.arange(seeds), steps), "step": np.tile(step, seeds)}
        part = pd.DataFrame(index | {name: values.ravel() for name, values in columns.items()})
        parts.append(part.assign(step_size=step_size, epoch=part["step"] / 1000))
    named = {"study": "s", "dataset": "d", "model": "m", "optimizer": "sgd"}
    return pd.concat(parts, ignore_index=True).assign(**named, engine="numba", batch_size="1")


def drawing_times(file: Path, repeats: int) -> dict[str, list[float]]:
    """Return the milliseconds of the first drawing and of changes of the selection."""
    times: dict[str, list[float]] = {"first drawing": [], "all runs": [], "a few": [], "best": []}
    with sync_playwright() as browsers:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = browsers.chromium.launch(executable_path=which("chromium"), args=options)
        for _ in range(repeats):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(file.as_uri())
            tab.wait_for_function("performance.getEntriesByName('drawn').length")
            mark = "performance.getEntriesByName('drawn')[0].startTime"
            times["first drawing"].append(tab.evaluate(mark))
            for action, button in (("all runs", "all"), ("a few", "few"), ("best", "best")):
                times[action].append(tab.evaluate(CLICK, button))
            tab.close()
        browser.close()
    return times


if __name__ == "__main__":
    main()
