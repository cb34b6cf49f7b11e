"""How large the explorer's page is, and how fast it draws: of a made-up study of 1,000 runs.

In headless Chromium; docs/speed.md says what came out.
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

# milliseconds until what a click on a button changes is drawn
CLICK = """async (name) => {
  const start = performance.now();
  document.querySelector(`[data-do="${name}"]`).click();
  await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return performance.now() - start;
}"""


def main() -> None:
    """Make the page, and open it again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--page", type=Path, help="of a study, in place of the made-up one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.page or Path(folder) / "explorer.html"
        if not arguments.page:
            traces = made_up(arguments.runs, arguments.steps, arguments.seeds)
            summary, start = summary_of(traces), perf_counter()
            theory = TheoryResults()
            run = {"trace": "", "sha256": "", "provenance": {"trained": {}, "evaluated": {}}}
            made = {
                ("sgd", step_size): {"number": i, "label": repr(step_size), **run}
                for i, step_size in enumerate(summary["step_size"])
            }
            words, columns = content(traces, summary, theory, made, {"sgd": "shuffled"})
            words["question"] = "How fast is the page?"
            text = page(ROOT / "report/explorer", words, columns)
            file.write_text(text, encoding="utf-8")
            print(f"made in {perf_counter() - start:.1f} s")
        print(f"{file.stat().st_size / 1e6:.2f} MB")
        for what, times in opened(file, arguments.repeats).items():
            print(f"{what}: {median(times):.0f} ms ({min(times):.0f} to {max(times):.0f})")


def made_up(runs: int, steps: int, seeds: int) -> pd.DataFrame:
    """Traces of so many step sizes whose four metrics fall, with noise."""
    step = np.unique(np.geomspace(1, 10_000, steps - 1).astype(int))
    step = np.r_[0, step, 10_000 + np.arange(1, steps - len(step))]
    random, parts = np.random.default_rng(0), []
    for step_size in np.geomspace(1e-4, 1e2, runs).tolist():
        height = 2.3 / (1 + step_size * step) + 0.1 * np.exp(
            0.3 * random.normal(size=(seeds, steps))
        )
        columns = {
            "objective": height,
            "train_loss": height,
            "test_loss": height * 1.1 + 0.01 * random.normal(size=height.shape),
            "test_accuracy": np.round(np.exp(-height), 4),
            "gradient_norm": height * np.exp(random.normal(size=height.shape)),
            "rises": np.full(height.shape, np.nan),
        }
        index = {"seed": np.repeat(np.arange(seeds), steps), "step": np.tile(step, seeds)}
        part = pd.DataFrame(index | {name: values.ravel() for name, values in columns.items()})
        parts.append(part.assign(step_size=step_size, epoch=part["step"] / 1000))
    named = {"study": "s", "dataset": "d", "model": "m", "optimizer": "sgd"}
    return pd.concat(parts, ignore_index=True).assign(**named, engine="numba", batch_size="1")


def opened(file: Path, repeats: int) -> dict[str, list[float]]:
    """Milliseconds of the first drawing, and of changes of what is chosen."""
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
            for what, button in (("all runs", "all"), ("a few", "few"), ("best", "best")):
                times[what].append(tab.evaluate(CLICK, button))
            tab.close()
        browser.close()
    return times


if __name__ == "__main__":
    main()
