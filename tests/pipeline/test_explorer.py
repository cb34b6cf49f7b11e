"""The page on which one explores a study, in a browser, beside the tables that it shows."""

import fcntl
import json
import re
import shutil
from base64 import b64decode
from collections.abc import Callable, Iterator
from gzip import decompress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import CHROMIUM, QUIET, WRITTEN, Explorer, listen  # pyright: ignore
from conftest import ROOT, Project, copy_project  # pyright: ignore
from matplotlib.image import imread
from playwright.sync_api import Browser, sync_playwright

from descent.explorer.index import index
from descent.explorer.page import page as page_of
from descent.explorer.thinned import kept
from descent.seeds import over_seeds

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium, chromium-browser or google-chrome is installed"
)

STUDIES = """\
studies:
  explored:
    dataset: digits
    model: softmax_regression
    l2: 0.1
    engine: numpy
    evaluator: numpy
    seeds: 3
    figures: [heatmap]
    optimizers:
      sgd: {batch_size: 1, epochs: 2, evaluate_every: 400, step_sizes: [0.01, 0.1]}
      gd: {batch_size: full, epochs: 40, evaluate_every: 5, step_sizes: [0.3, 3, 300]}
  bowl:
    dataset: bowl
    model: linear_regression
    bias: false
    initial: zeros
    dtype: float64
    seeds: [0]
    figures: [trajectories]
    optimizers:
      gd: {engine: numpy, batch_size: full, epochs: 20, evaluate_every: 1, step_sizes: [1, 2.05]}
  averaged:  # the last two of twenty steps; one of them is evaluated
    dataset: bowl
    model: linear_regression
    initial: zeros
    bias: false
    engine: numpy
    evaluator: numpy
    seeds: [0]
    optimizers:
      gd: {batch_size: full, epochs: 20, evaluate_every: 20, average_from: 19, step_sizes: [1, 2]}
  points:  # by 1 - 2.2 a step: after 473 some seeds are beyond float32, and some are not
    dataset: {file: points.csv, target: class, test: 0.25}
    model: softmax_regression
    l2: 1
    engine: numpy
    evaluator: numpy
    seeds: 12
    figures: [heatmap]
    optimizers:
      gd: {batch_size: full, epochs: 473, evaluate_every: 1, step_sizes: [0.1, 2.2]}
"""
NAMES = ["explored", "bowl", "averaged", "points"]
RUNS = {
    "explored": ["sgd 0.01", "sgd 0.1", "gd 0.3", "gd 3.0", "gd 300.0"],
    "bowl": ["gd 1.0", "gd 2.05"],
    "averaged": ["gd 1.0", "gd 2.0", "gd_average 1.0", "gd_average 2.0"],
    "points": ["gd 0.1", "gd 2.2"],
}
SWEEP, CURVES = 'section[aria-labelledby="of-sweep"]', 'section[aria-labelledby="of-curves"]'
OF = ["optimizer", "step_size"]
OF_STEP, OF_SEED = [*OF, "step"], [*OF, "seed", "step"]

Open = Callable[..., Explorer]


def make(folder: Path) -> Project:
    """The project with the pages of its studies."""
    project = copy_project(folder, STUDIES, ["heatmap", "trajectories"])
    random = np.random.default_rng(0)
    lines = [f"{x:.4f},{y:.4f},a\n{y:.4f},{x + 1:.4f},b\n" for x, y in random.normal(size=(20, 2))]
    (folder / "points.csv").write_text("x,y,class\n" + "".join(lines))
    project.jobs(*(f"results/{study}/explorer.html" for study in NAMES))
    return project


@pytest.fixture(scope="session")
def project(tmp_path_factory, worker_id) -> Project:
    """Made once, by the first of the processes that test."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "explorer"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            make(folder)
            (folder / "made").touch()
    return Project(folder)


@pytest.fixture(scope="session")
def traces(project) -> dict[str, pd.DataFrame]:
    """traces.csv of each study, with errors."""
    tables = {name: pd.read_csv(project.folder / f"results/{name}/traces.csv") for name in NAMES}
    for table in tables.values():
        for name in table.filter(like="_accuracy"):
            table[name.replace("accuracy", "error")] = 1 - table[name]
    return tables


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def open_file(browser) -> Iterator[Open]:
    """Open a file; whatever a test does, it must neither complain nor ask for anything else."""
    contexts, faults = [], []

    def opened(file: Path, hash: str = "", width: int = 1280, **options) -> Explorer:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        listen(page, file, faults)
        page.goto(file.as_uri() + hash)
        return Explorer(page)

    yield opened
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def open_page(project, open_file) -> Open:
    """Open the page of a study."""

    def opened(study: str = "explored", hash: str = "", **options) -> Explorer:
        file = project.folder / f"results/{study}/explorer.html"
        explorer = open_file(file, hash, **options)
        explorer.until("document.querySelector('#curves canvas') && document.fonts.ready")
        return explorer

    return opened


@pytest.fixture
def page(open_page) -> Explorer:
    return open_page()


def run_of(explorer: Explorer, plot: str) -> str:
    return explorer.at(plot)[0]


def word(run: str) -> str:
    """The heading of a run's card."""
    return ", step size ".join(run.split())


# what is drawn


@pytest.mark.parametrize("study", NAMES)
def test_a_page_draws_its_runs_from_itself_alone(open_page, study):
    explorer = open_page(study)

    assert explorer.legend() == RUNS[study]
    assert all(len(picture) > 5000 for picture in explorer.pictures())
    assert explorer.page.locator("canvas.weights").count() == 0  # until one comes to a run
    explorer.click(RUNS[study][0], "#legend")
    assert explorer.page.locator("canvas.weights").count() == (study == "explored")
    assert explorer.page.locator("#in-plane").is_visible() == (study in ("bowl", "averaged"))


CONTROLS = {
    # what one does: (the plots that change, what is done)
    "metric": ("sweep", lambda e: e.select("metric", "train_loss")),
    "at its best": ("sweep", lambda e: e.select("at", "best")),
    "at an epoch": (
        "sweep",
        lambda e: (e.select("at", "epoch"), e.page.locator("[data-key=epoch]").fill("1")),
    ),
    "logarithmic": ("sweep", lambda e: e.label("logarithmic", exact=True).click()),
    "sgd": ("sweep curves", lambda e: e.label("sgd", exact=True).uncheck()),
    "gd": ("sweep curves", lambda e: e.label("gd", exact=True).uncheck()),
    "curve": ("curves", lambda e: e.select("curve", "test_error")),
    "step": ("curves", lambda e: e.select("x", "step")),
    "α t": ("curves", lambda e: e.select("x", "path")),
    "logarithmic across": ("curves", lambda e: e.label("logarithmic across").check()),
    "logarithmic upwards": ("curves", lambda e: e.label("logarithmic upwards").uncheck()),
    "seeds": ("curves", lambda e: e.label("each seed a line").check()),
    "best": ("sweep curves", lambda e: e.click("The best of each optimizer")),
    "pin": ("curves", lambda e: pin(e, "gd 0.3")),
}


def pin(explorer: Explorer, run: str = "") -> None:
    """Pin the run that one is at, or one that is named."""
    if run:
        explorer.click(run, "#legend")
    explorer.page.get_by_role("button", name=re.compile("^Pin")).last.click()


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_changes_what_is_drawn(page, control):
    changed, act = CONTROLS[control]
    before = page.pictures()
    act(page)

    differ = [a != b for a, b in zip(before, page.pictures(), strict=True)]
    assert differ == ["sweep" in changed, "curves" in changed]


def test_the_slider_goes_through_the_epochs(page, traces):
    epochs = sorted(traces["explored"]["epoch"].unique())
    page.select("at", "epoch")
    slider = page.page.get_by_role("slider", name="epoch")
    assert slider.get_attribute("max") == str(len(epochs) - 1)

    for place, epoch in list(enumerate(epochs))[::6]:
        slider.fill(str(place))
        assert float(page.page.locator("#epoch").inner_text()) == pytest.approx(epoch, rel=1e-3)
        steps = {
            f"{optimizer} {step_size}": run.loc[run["epoch"] <= epoch, "step"].max()
            for (optimizer, step_size), run in traces["explored"].groupby(OF)
        }
        shown = page.table()
        runs = shown["optimizer"] + " " + shown["step_size"]
        assert dict(zip(runs, shown["step"].astype(int), strict=True)) == steps


def test_all_a_few_and_the_best_choose_runs(page, traces):
    page.click("The best of each optimizer")
    assert page.legend() == ["sgd 0.01", "gd 0.3"]  # as the headline says
    page.click("All")
    assert page.legend() == RUNS["explored"]
    page.label("gd", exact=True).uncheck()
    page.click("All")
    assert page.legend() == ["sgd 0.01", "sgd 0.1"]
    page.click("A few")
    page.label("gd", exact=True).check()
    assert page.legend() == RUNS["explored"]


def test_a_hidden_optimizer_is_drawn_and_listed_nowhere(page):
    page.label("sgd", exact=True).uncheck()

    assert page.legend() == ["gd 0.3", "gd 3.0", "gd 300.0"]
    assert set(page.table()["optimizer"]) == {"gd"}
    page.label("gd", exact=True).uncheck()
    assert page.legend() == []
    page.label("logarithmic across").check()  # of nothing
    page.click("All")


# the mouse


def test_clicks_choose_runs(page):
    page.page.mouse.click(*page.place("sweep", "gd 3.0"))
    assert page.legend() == ["gd 3.0"]
    page.click("All")
    place = page.place("sweep", "sgd 0.01")
    page.page.mouse.click(*page.place("sweep", "gd 3.0"))
    page.page.keyboard.down("Shift")
    page.page.mouse.click(*place)
    assert page.legend() == ["gd 3.0", "sgd 0.01"]
    page.page.mouse.click(*place)
    assert page.legend() == ["gd 3.0"]


def test_a_drag_over_step_sizes_chooses_just_these(page):
    left, right = page.place("sweep", "sgd 0.1"), page.place("sweep", "gd 3.0")
    page.drag((left[0] - 20, left[1]), (right[0] + 20, left[1] + 5))

    assert page.legend() == ["sgd 0.1", "gd 0.3", "gd 3.0"]
    page.page.mouse.click(*page.place("sweep", "gd 0.3"))  # a click still is one
    assert page.legend() == ["gd 0.3"]


def test_a_drag_enlarges_the_curves_and_a_double_click_resets(page):
    before = page.picture("curves")
    frame = page.frame("curves")
    page.drag(frame(0.2, 0.2), frame(0.6, 0.7))

    enlarged = page.picture("curves")
    assert enlarged != before
    zoom = page.hash()
    assert "zoom=" in zoom
    page.page.mouse.dblclick(*frame(0.5, 0.5))
    page.page.mouse.move(5, 5)
    assert page.picture("curves") == before
    assert "zoom=" not in page.hash()
    page.drag(frame(0.2, 0.2), frame(0.6, 0.7))
    page.click("Show all of it")
    assert page.picture("curves") == before


def test_a_mark_stays_in_its_frame(page):
    frame = page.frame("curves")
    page.drag(frame(0.5, 0.3), frame(0.9, 0.7))
    marker = page.page.locator("#curves .marker")

    page.click("sgd 0.01", "#legend")  # which ends before the part that is shown
    assert marker.is_hidden()
    page.click("Show all of it")
    assert marker.is_visible()
    page.click("gd 300.0", "#legend")  # which ends beyond any number
    assert marker.is_hidden()


def test_the_mouse_reads_what_is_nearest(page):
    x, y = page.place("curves", "gd 0.3")
    page.page.mouse.move(x - 500, y - 60)
    assert page.at("curves") != ("gd 0.3", 40)
    page.page.mouse.move(x - 3, y - 2)

    assert page.at("curves") == ("gd 0.3", 40)
    assert page.at("sweep") == ("gd 0.3", 40)
    assert page.headings() == ["gd, step size 0.3 Pin"]


def test_two_runs_are_pinned_side_by_side(page):
    pin(page, "sgd 0.01")
    pin(page, "gd 0.3")
    assert page.headings() == [f"{word(run)} Unpin" for run in ("sgd 0.01", "gd 0.3")]
    boxes = [card.bounding_box() for card in page.page.locator("#cards article").all()]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]

    pin(page, "gd 3.0")
    assert page.headings() == [f"{word(run)} Unpin" for run in ("gd 0.3", "gd 3.0")]
    page.click("Unpin gd 0.3")
    assert page.headings() == ["gd, step size 3.0 Unpin"]


# the keyboard


def test_the_keyboard_walks_over_step_sizes(page):
    page.focus_by_tab("sweep")
    walked = []
    for key in "Down Right Right Right Left Down Up Down Right Right".split():
        page.press(f"Arrow{key}")
        walked.append(run_of(page, "sweep"))

    assert walked[:3] == ["sgd 0.01", "sgd 0.1", "sgd 0.1"]  # the first key comes to the first run
    assert walked[4:] == ["sgd 0.01", "gd 0.3", "sgd 0.1", "gd 0.3", "gd 3.0", "gd 300.0"]
    page.press("Enter")
    assert page.legend() == ["gd 300.0"]
    page.press("ArrowLeft")
    page.press(" ")
    assert page.legend() == ["gd 300.0", "gd 3.0"]
    page.press(" ")
    assert page.legend() == ["gd 300.0"]
    page.press("p")
    assert page.headings() == ["gd, step size 3.0 Unpin"]
    page.press("P")
    assert page.headings() == ["gd, step size 3.0 Pin"]
    assert page.page.evaluate("document.activeElement.id") == "sweep"


def test_the_keyboard_walks_along_curves(page):
    page.focus_by_tab("curves")
    walked = []
    for key in "Right Right Right Left Down Down Up".split():
        page.press(f"Arrow{key}")
        walked.append(page.at("curves"))

    assert walked[:4] == [("sgd 0.01", step) for step in (0, 1, 2, 1)]
    assert [run for run, _ in walked[4:]] == ["sgd 0.1", "gd 0.3", "sgd 0.1"]
    at_first = page.picture("curves")
    page.press("+")
    enlarged = page.picture("curves")
    assert enlarged != at_first
    page.press("+")
    assert page.picture("curves") != enlarged
    page.press("-")
    page.press("-")
    for key in ("0", "Escape"):
        page.press("+")
        page.press(key)
        assert page.picture("curves") == at_first
    page.press("p")
    assert page.headings() == ["sgd, step size 0.1 Unpin"]


def test_beyond_numbers_there_is_nothing_to_enlarge(page):
    page.focus_by_tab("curves")
    page.click("gd 300.0", "#legend")
    page.page.locator("#curves").focus()
    before = page.picture("curves")
    page.press("+")

    assert page.read("curves")["values"] == "infinite"
    assert page.picture("curves") == before


def test_tab_goes_through_the_page_in_its_order(page):
    page.click("gd 0.3", "#legend")
    page.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    focused = "[...document.querySelectorAll('*')].indexOf(document.activeElement)"
    places = []
    page.page.locator("h1").click()
    for _ in range(60):
        page.press("Tab")
        place = page.page.evaluate(focused)
        if places and place <= places[0]:
            break
        places.append(place)
    visible = page.page.evaluate(
        "document.activeElement.blur(); [...document.querySelectorAll('*')].map((of, i) =>"
        " [of, i]).filter(([of]) => of.tabIndex >= 0 && of.checkVisibility()"
        " && of.getClientRects().length).map(([, i]) => i)"
    )
    assert places == sorted(places)
    assert places == visible


# the address


def test_the_address_restores_everything(open_page):
    page = open_page()
    page.select("metric", "excess")
    page.select("at", "epoch")
    page.page.locator("[data-key=epoch]").fill("3")
    page.label("logarithmic", exact=True).uncheck()
    page.page.mouse.click(*page.place("sweep", "gd 3.0"))
    page.click("All")
    page.label("gd", exact=True).uncheck()
    page.label("gd", exact=True).check()
    page.select("curve", "train_loss")
    page.select("x", "path")
    page.label("logarithmic across").check()
    page.label("logarithmic upwards").check()
    page.label("each seed a line").check()
    page.drag(page.frame("curves")(0.1, 0.1), page.frame("curves")(0.9, 0.7))
    pin(page, "sgd 0.1")
    pin(page, "gd 0.3")
    page.page.mouse.move(5, 5)
    page.page.locator("#curves").focus()
    page.click("sgd 0.01", "#legend")
    page.page.locator("#curves").focus()
    page.press("ArrowLeft")
    controls = "[...document.querySelectorAll('input, select')].map(e => [e.value, e.checked])"

    restored = open_page(hash=page.hash())
    assert restored.pictures() == page.pictures()
    assert restored.cards() == page.cards()
    assert restored.legend() == page.legend()
    assert [restored.at(plot) for plot in ("sweep", "curves")] == [
        page.at(plot) for plot in ("sweep", "curves")
    ]
    assert restored.page.evaluate(controls) == page.page.evaluate(controls)
    assert restored.hash() == page.hash()
    restored.page.evaluate("location.hash = ''")  # as a link on the page, or a hand, would
    assert restored.legend() == RUNS["explored"]


@pytest.mark.parametrize(
    "nonsense",
    [
        "metric=colour&curve=&at=noon&x=expected&sweepLog=maybe&yLog=1&seeds=some",
        "at=epoch&x=true&epoch=true&row=true&zoom=true&hidden=true&run=true",
        "chosen=gd 7,adam 1&pins=gd 7&run=gd 7&row=3&hidden=adam&at=epoch&epoch=1000",
        "at=epoch&epoch=-3&zoom=1,2,3,nan&row=-5&pins=,,&toString=1&__proto__=2&constructor=3",
        "at=epoch&epoch=1.5&zoom=4,3,2,1&=&&&%&%E0%A4%A",
    ],
)
def test_nonsense_in_the_address_is_as_if_it_was_not_there(open_page, page, nonsense):
    """The last epoch, which is shown at first, is the end."""
    other = open_page(hash=f"#{nonsense}")

    assert other.pictures() == page.pictures()
    assert other.cards() == []


def test_an_address_keeps_what_it_knows_still(open_page):
    page = open_page(hash="#chosen=gd+7,gd+0.3,gd+0.3&pins=gd+0.3,sgd+0.1,gd+3.0&run=gd+3.0&row=7")

    assert page.legend() == ["gd 0.3"]
    assert page.headings() == [f"{word(run)} Unpin" for run in ("sgd 0.1", "gd 3.0")]
    assert "step 40" in page.cards()[1]  # 7 is no step of it


@pytest.mark.parametrize("zoom", ["-1,1,-1,1", "1,2,-1,1", "-1,1,1,2"])
def test_a_part_that_a_logarithmic_axis_does_not_have_is_not_shown(open_page, zoom):
    hashes = ["#xLog=true&yLog=true", f"#xLog=true&yLog=true&zoom={zoom}"]
    page, zoomed = (open_page(hash=hash) for hash in hashes)

    assert zoomed.picture("curves") == page.picture("curves")


# numbers


def close(values: pd.Series, exact: pd.Series, rtol: float) -> None:
    """Compare numbers, of which what is beyond float32 is inf."""
    with np.errstate(over="ignore"):
        exact = exact.to_numpy().astype(np.float32)
    np.testing.assert_allclose(values.to_numpy(float), exact, rtol=rtol, atol=1e-7)


def beside(saved: pd.DataFrame, traces: pd.DataFrame, metric: str) -> None:
    """All that was saved is what traces.csv has."""
    merged = saved.merge(traces, on=OF_SEED, how="left", suffixes=("", "_exact"), validate="1:1")
    assert not merged["epoch_exact"].isna().any()
    assert (saved["study"] == traces["study"].iloc[0]).all()
    close(merged["epoch"], merged["epoch_exact"], 1e-6)
    close(merged[metric], merged[f"{metric}_exact"], 1e-6)


@pytest.mark.parametrize("study", NAMES)
def test_what_is_saved_of_the_sweep_is_how_each_run_ended(open_page, traces, study):
    page, exact = open_page(study), traces[study]
    ends = exact[exact["step"] == exact.groupby(OF)["step"].transform("max")]
    for name in ["objective", "gradient_norm", exact.columns[-1]]:
        page.select("metric", name)
        saved = page.csv(SWEEP)

        assert len(saved) == len(ends)
        beside(saved, ends, name)


@pytest.mark.parametrize("study", NAMES)
def test_what_is_saved_of_the_curves_is_in_the_traces(open_page, traces, study):
    page, exact = open_page(study), traces[study]
    for name in ["objective", exact.columns[-1]]:
        page.select("curve", name)
        saved = page.csv(CURVES)

        beside(saved, exact, name)
        for run, of in exact.groupby(OF):
            steps, all_steps = (
                table.loc[(table["optimizer"] == run[0]) & (table["step_size"] == run[1]), "step"]
                for table in (saved, exact)
            )
            shown = steps.nunique()
            assert shown == all_steps.nunique() if shown < 80 else shown <= 101 < len(of)
            assert {all_steps.min(), all_steps.max()} <= set(steps)
    assert (study == "points") == (len(saved) < len(exact))


def test_the_curves_show_the_steps_that_are_kept(open_page, traces):
    page = open_page("points")
    page.select("curve", "objective")
    shown = {run: set(table["step"]) for run, table in page.csv(CURVES).groupby(OF)}
    medians = over_seeds(traces["points"], OF_STEP, "objective")["median"]

    for run, median in medians.groupby(OF):
        steps = median.index.get_level_values("step").to_numpy()
        assert shown[run] == set(steps[kept(steps, median.to_numpy())])


def number(text: str) -> float:
    return {"infinite": np.inf, "not a number": np.nan}.get(text) or float(text)


def as_read(text: str) -> list[float]:
    """Median, low and high of "0.9130 [0.9102, 0.9151]"; all three the same where one is there."""
    middle, *rest = re.split(r" \[|, |\]", text)
    low, high = rest[:2] or (middle, middle)
    return [number(part) for part in (middle, low, high)]


def same(texts: list[str], exact: pd.DataFrame) -> None:
    """Four digits of what float32 holds of medians and ranges."""
    with np.errstate(over="ignore"):
        expected = exact[["median", "low", "high"]].to_numpy().astype(np.float32)
    np.testing.assert_allclose([*map(as_read, texts)], expected, rtol=5.01e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("study", "metric"),
    [
        ("explored", "excess"),
        ("explored", "test_accuracy"),
        ("explored", "test_error"),
        ("bowl", "objective"),
        ("points", "test_accuracy"),
        ("points", "test_loss"),
    ],
)
def test_what_is_read_are_medians_and_ranges(open_page, traces, study, metric):
    page = open_page(study)
    page.select("curve", metric)
    page.select("metric", metric)
    exact = over_seeds(traces[study], OF_STEP, metric)
    read = []
    for run in RUNS[study]:
        page.click(run, "#legend")
        page.page.locator("#curves").focus()
        for _ in range(6):
            read.append(page.read("curves"))
            page.press("ArrowLeft")
    places = [(of["optimizer"], float(of["step_size"]), int(of["step"])) for of in read]
    texts = [
        f"{of['values']} [{of['range'] or of['values']}, {of['to'] or of['values']}]" for of in read
    ]

    same(texts, exact.loc[places])
    table = page.table()
    table["step_size"], table["step"] = table["step_size"].astype(float), table["step"].astype(int)
    same([*table["value"]], exact.loc[[*table[OF_STEP].itertuples(index=False)]])


def test_a_seed_that_diverged_is_the_worst(open_page, traces):
    last = traces["points"].query("step_size == 2.2 and step == 473")
    finite = np.isfinite(last["test_accuracy"]).sum()
    assert 6 < finite < 11  # or the test tests nothing
    page = open_page("points")
    page.select("metric", "test_accuracy")

    median, low, high = as_read(page.table()["value"][1])
    assert np.isnan(low)
    assert 0 < median <= high < 1
    page.select("metric", "test_error")
    of_error = as_read(page.table()["value"][1])
    np.testing.assert_allclose(of_error[0], 1 - median, rtol=1e-3)
    np.testing.assert_allclose(of_error[1], 1 - high, rtol=1e-3)
    assert of_error[2] == np.inf


def test_the_best_of_a_run_is_its_best_median(page, traces):
    page.select("at", "best")
    for metric, best in {"test_accuracy": "max", "test_error": "min", "excess": "min"}.items():
        page.select("metric", metric)
        table = page.table()
        medians = over_seeds(traces["explored"], OF_STEP, metric)["median"]

        for row in table.itertuples():
            of_run = medians[row.optimizer, float(row.step_size)]
            assert as_read(row.value)[0] == pytest.approx(getattr(of_run, best)(), rel=5.01e-4)
            assert of_run[int(row.step)] == getattr(of_run, best)()


def test_the_table_has_a_row_for_each_run(page):
    page.page.get_by_text("As a table", exact=True).click()
    page.until("document.querySelectorAll('#table tbody tr').length")
    table = page.page.get_by_role("table", name=re.compile("test error"))

    assert table.get_by_role("columnheader").all_inner_texts() == [
        "optimizer", "step size", "step", "test error", "how it ended",
    ]  # fmt: skip
    rows = page.table()
    assert [*(rows["optimizer"] + " " + rows["step_size"])] == RUNS["explored"]
    page.label("sgd", exact=True).uncheck()
    assert len(page.table()) == 3
    for row in rows.itertuples():
        page.click("All")
        if row.optimizer == "gd":
            page.click(f"gd {row.step_size}", "#legend")
            read = page.read("sweep")
            assert row.value.split(" [")[0] == read["values"]
            assert row.status == read["status"]


# pictures


def corner(image: np.ndarray) -> np.ndarray:
    return image[-1, -1]


@pytest.mark.parametrize("section", [SWEEP, CURVES])
def test_a_png_holds_what_is_drawn(open_page, section):
    images = {}
    for scheme in ("light", "dark"):
        page = open_page(color_scheme=scheme)
        file = page.saved("Save as PNG", section)
        assert file.read_bytes().startswith(b"\x89PNG")
        images[scheme] = image = imread(file, format="png")

        assert len(np.unique(image.reshape(-1, image.shape[2]), axis=0)) > 100
        assert image.shape[1] > 1000
        assert np.ptp(image[:30], axis=(0, 1)).max() > 0.5  # the title
    assert corner(images["light"]).sum() > corner(images["dark"]).sum() + 2


def test_light_and_dark_differ(open_page):
    light, dark = (open_page(color_scheme=scheme) for scheme in ("light", "dark"))

    for a, b in zip(light.pictures(), dark.pictures(), strict=True):
        assert a != b
    light.page.emulate_media(color_scheme="dark")
    light.page.wait_for_timeout(WRITTEN)
    assert light.pictures() == dark.pictures()


@pytest.mark.parametrize("study", [*NAMES, None])
def test_a_phone_scrolls_down_only(project, open_page, open_file, study):
    if study:
        page = open_page(study, width=390, device_scale_factor=2)
        pin(page, RUNS[study][0])
        pin(page, RUNS[study][1])
        page.page.locator("details").first.click()
        for summary in page.page.locator("summary").all():
            if not summary.locator("..").get_attribute("open"):
                summary.click()
    else:
        of_study = {"about": "long " * 40, "figures": ["heat_map"], "tables": ["predictions.csv"]}
        studies = {"a_study_of_" + "digits" * 3: of_study}
        text = index(
            studies, dict.fromkeys(studies, "- so"), (ROOT / "report/index.html").read_text()
        )
        file = project.folder / "results/index_of_one.html"
        file.write_text(re.sub("<img[^>]*>", "", text))
        page = open_file(file, width=390)

    assert page.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_narrower_window_is_drawn_anew(page):
    page.page.set_viewport_size({"width": 700, "height": 900})
    page.until("document.querySelector('#sweep canvas').clientWidth < 700")

    assert page.page.locator("#sweep canvas").count() == 1
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 700


# the path in the plane


def plane(explorer: Explorer) -> dict:
    """What is drawn of the path, and what the page knows of the objective."""
    return explorer.page.evaluate("""() => {
        const all = (of) => [...document.querySelectorAll(`#plane ${of}`)];
        const numbers = (of, ...keys) => keys.map((key) => Number(of.getAttribute(key)));
        return {
            ...JSON.parse(document.getElementById("words").textContent).path,
            box: document.getElementById("plane").getAttribute("viewBox").split(" ").map(Number),
            ellipses: all("ellipse").map((of) => [
                ...numbers(of, "rx", "ry"), of.getAttribute("transform").match(/\\((.+)\\)/)[1]
            ].map(Number)),
            iterates: all(".iterate").map((of) => numbers(of, "cx", "cy")),
            now: numbers(all(".now")[0], "cx", "cy"),
        };
    }""")


def test_the_path_is_where_its_objective_says(open_page, traces):
    page = open_page("bowl")
    page.click("gd 1.0", "#legend")
    drawn = plane(page)
    hessian, optimum = np.array(drawn["hessian"]), np.array(drawn["optimum"])
    exact = traces["bowl"].query("step_size == 1").sort_values("step")

    # from zeros: the first iterate says how large the picture is
    iterates = np.array(drawn["iterates"]) * [1, -1]
    scale = -optimum @ iterates[0] / (iterates[0] @ iterates[0])
    away = scale * iterates
    np.testing.assert_allclose(away[0], -optimum, rtol=1e-3)
    heights = (away @ hessian * away).sum(1) / 2
    np.testing.assert_allclose(heights, exact["excess"], rtol=0.02, atol=2e-4 * heights[0])
    assert drawn["now"] == drawn["iterates"][-1]
    assert len(iterates) == len(exact)

    angles = np.linspace(0, 2 * np.pi, 12)
    levels = []
    for rx, ry, turn in drawn["ellipses"]:
        turned = np.radians(turn)
        turn = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
        points = (turn @ [rx * np.cos(angles), ry * np.sin(angles)]).T * [1, -1] * scale
        of = (points @ hessian * points).sum(1) / 2
        np.testing.assert_allclose(of, of[0], rtol=1e-3)
        levels.append(of[0])
    np.testing.assert_allclose(np.divide(levels[:-1], levels[1:]), 2, rtol=1e-3)
    assert levels[-1] < heights[0] < levels[0]


def test_the_slider_and_play_walk_the_path(open_page):
    page = open_page("bowl")
    at = page.page.locator("#plane-size")
    assert "step size 1.0, step 20" in at.inner_text()
    page.page.get_by_role("slider", name="step size").press("ArrowRight")
    page.until("document.getElementById('plane-size').textContent.includes('2.05, step 20')")
    slow = plane(page)
    page.page.get_by_role("slider", name="step size").press("ArrowLeft")
    page.until("document.getElementById('plane-size').textContent.includes('1.0, step 20')")
    assert plane(page)["iterates"] != slow["iterates"]

    page.click("Play")
    assert "step 20" not in at.inner_text()
    assert len(plane(page)["iterates"]) < 20
    page.until("document.getElementById('plane-size').textContent.includes('step 20')")
    assert len(plane(page)["iterates"]) == 21
    page.click("Play")
    page.page.locator("#curves").focus()
    page.press("ArrowRight")  # takes over
    stopped = at.inner_text()
    page.page.wait_for_timeout(WRITTEN)
    assert at.inner_text() == stopped


def test_play_goes_to_the_end_where_nothing_shall_move(open_page):
    page = open_page("bowl", reduced_motion="reduce")
    page.page.get_by_role("slider", name="step size").press("ArrowRight")

    assert "2.05, step 20" in page.page.locator("#plane-size").inner_text()


def test_averages_that_begin_late_are_shown_from_there(open_page):
    page = open_page("averaged", "#x=step&xLog=true&pins=gd_average+1.0&run=gd+1.0&row=1")
    assert page.at("curves") == ("gd 1.0", 1)
    assert "step 20, epoch 20\t" in page.cards()[0]  # the first of the average
    page.click("gd_average 1.0", "#legend")
    assert page.at("curves") == ("gd_average 1.0", 20)
    in_plane = page.page.locator("#plane-size")
    assert in_plane.inner_text().startswith("gd, step size 1.0, step 20")
    page.click("Play")
    page.until("document.getElementById('curves-read').textContent.startsWith('gd, step size 1')")
    page.until("document.getElementById('plane-size').textContent.includes('step 20')")
    assert page.at("curves") == ("gd 1.0", 20)


# where it comes from


def test_a_card_says_where_its_run_comes_from(page, project):
    page.click("gd 0.3", "#legend")
    card = page.page.locator("#cards article")
    card.get_by_text("Command and provenance").click()
    command = card.locator("code").inner_text()
    *snakemake, trace = command.split()
    text = card.inner_text()
    record = json.loads((project.folder / trace).with_suffix(".json").read_text())

    assert snakemake == ["snakemake", "--cores", "1"]
    assert (project.folder / trace).is_file()
    assert "engine\nnumpy" in text
    assert record["trained"]["data_sha256"] in text
    page.click("Copy")
    page.until("[...document.querySelectorAll('#cards button')].some(b => b.innerText == 'Copied')"
               " || getSelection().toString()")  # fmt: skip
    page.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.click("Copied")
    page.until("getSelection().toString().startsWith('snakemake')")
    assert page.page.evaluate("getSelection().toString()").strip() == command


def test_a_metric_that_is_not_known_of_a_run_is_not_shown_of_it(project, open_file, tmp_path):
    """As the curvature, which is measured of full batches alone."""
    words, columns = unpacked(project.folder / "results/explored/explorer.html")
    steps = sum(run["steps"] for run in words["runs"] if run["optimizer"] == "sgd")
    words["metrics"].append("curvature")
    columns["curvature"] = columns["objective"].copy()
    columns["curvature"][: steps * len(words["seeds"])] = np.nan
    file = tmp_path / "explorer.html"
    file.write_text(page_of(ROOT / "report/explorer/explorer.html", words, columns))
    page = open_file(file)
    page.select("metric", "curvature")
    page.select("curve", "curvature")

    assert page.legend() == ["gd 0.3", "gd 3.0", "gd 300.0"]
    assert set(page.table()["optimizer"]) == {"gd"}
    assert set(page.csv(SWEEP)["optimizer"]) == set(page.csv(CURVES)["optimizer"]) == {"gd"}
    page.click("gd 0.3", "#legend")
    assert "λ_max" in page.cards()[0]
    page.select("curve", "objective")
    page.click("sgd 0.1", "#legend")
    assert "λ_max" not in page.cards()[0]


def test_no_errors_at_all_are_no_less_than_others(project, open_file, tmp_path):
    words, columns = unpacked(project.folder / "results/explored/explorer.html")
    columns["test_accuracy"] = columns["test_accuracy"].copy()
    numbers = words["runs"][0]["steps"] * len(words["seeds"])
    columns["test_accuracy"][:numbers] = 1  # of sgd 0.01
    columns["test_accuracy"][numbers : 2 * numbers] = 0.1  # of sgd 0.1
    file = tmp_path / "explorer.html"
    file.write_text(page_of(ROOT / "report/explorer/explorer.html", words, columns))
    page = open_file(file)
    logarithmic = page.page.locator("[data-key=sweepLog]")
    page.select("metric", "test_error")
    assert not logarithmic.is_checked()
    page.select("metric", "test_loss")
    page.select("metric", "gradient_norm")
    assert logarithmic.is_checked()


def unpacked(file: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The words and columns of a page, as scripts/descent/explorer/packed.py packs them."""
    text = file.read_text()
    in_script = r'<script id="{}" type="[a-z/]+">(.*?)</script>'
    parts = [re.search(in_script.format(name), text, re.DOTALL) for name in ("words", "columns")]
    words, packed = [match[1] for match in parts if match]
    words, content = json.loads(words), decompress(b64decode(packed))
    columns, start = {}, 0
    for name, kind, length in (layout.values() for layout in words.pop("columns")):
        size = length * np.dtype(kind).itemsize
        part = np.frombuffer(content, np.uint8, size, start)
        start += size
        if kind != "uint8":
            differences = np.ascontiguousarray(part.reshape(4, length).T).view("<u4").ravel()
            part = np.cumsum(differences, dtype=np.uint32).view(kind)
        columns[name] = part
    return words, columns


# for everybody


def test_everything_has_a_name(open_page):
    for study in ("explored", "bowl"):
        page = open_page(study)
        page.select("at", "epoch")
        pin(page, RUNS[study][0])
        page.page.get_by_text("Command and provenance").click()
        tree = page.page.locator("body").aria_snapshot()

        roles = "button|checkbox|slider|combobox|application|link|img|table"
        named = re.findall(rf"- ({roles})(?: \"(.+?)\")?(?=[: \[\n])", tree)
        assert {role for role, _ in named} >= {"button", "checkbox", "slider", "combobox"}
        assert [role for role, name in named if not name] == []
        for plot in ("sweep", "curves"):
            assert page.page.locator(f"#{plot}-read").get_attribute("aria-live") == "polite"
            keys = page.page.locator(f"#{plot}").get_attribute("aria-describedby")
            assert "keyboard" in page.page.locator(f"#{keys}").inner_text().lower()
        assert page.page.evaluate("document.documentElement.lang") == "en"


def luminance(colour: str) -> float:
    """Relative luminance, by WCAG 2."""
    digits = colour.lstrip("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    channels = np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_text_can_be_read_in_light_and_dark():
    text = (ROOT / "report/explorer/explorer.css").read_text()
    schemes = [dict(re.findall(r"--(\w+): (#\w+);", block)) for block in text.split("@media")[:2]]
    for scheme in schemes:
        for ink in ("ink", "soft", "accent"):
            for ground in ("ground", "raised"):
                dark, light = sorted(luminance(scheme[of]) for of in (ink, ground))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, ground, scheme)
