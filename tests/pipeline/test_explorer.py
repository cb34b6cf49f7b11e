"""The page on which one explores a study, used in a browser as a person uses it.

The numbers that it shows are compared with the tables of the study.
"""

import fcntl
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import CHROMIUM, WRITTEN, Explorer, as_read, launched, opening  # pyright: ignore
from conftest import Project, copy_project  # pyright: ignore
from matplotlib.image import imread
from playwright.sync_api import Browser

from descent.analysis.quantiles import over_seeds
from descent.datasets import bowl

MISSING = "no chromium, chromium-browser or google-chrome is installed"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

STUDIES = """\
studies:
  explored: {
    dataset: digits, model: softmax_regression, l2: 0.1, curvature_samples: 9,
    engine: numpy, evaluator: numpy, seeds: 3, optimizers: {
      sgd: {batch_size: 1, epochs: 2, evaluate_every: 400, step_sizes: [0.01, 0.1]},
      gd: {batch_size: full, epochs: 40, evaluate_every: 5, step_sizes: [0.3, 3, 300]}}}
  bowl: {
    dataset: bowl, model: linear_regression, bias: false, initial: zeros,
    engine: numpy, evaluator: numpy, seeds: 1, optimizers: {
      gd: {batch_size: full, epochs: 20, evaluate_every: 1, average_from: 15,
           step_sizes: [1, 2.05]}}}
  points: {  # by 1 - 2.2 a step: after 473 some seeds are beyond float32, and some are not
    dataset: {file: points.csv, target: class, test: 0.25}, model: softmax_regression, l2: 1,
    engine: numpy, evaluator: numpy, seeds: 12, optimizers: {
      gd: {batch_size: full, epochs: 473, evaluate_every: 1, step_sizes: [0.1, 2.2]}}}
"""
RUNS = {
    "explored": ["sgd 0.01", "sgd 0.1", "gd 0.3", "gd 3.0", "gd 300.0"],
    "bowl": ["gd 1.0", "gd 2.05", "gd_average 1.0", "gd_average 2.05"],
    "points": ["gd 0.1", "gd 2.2"],
}
OF_RUN = ["optimizer", "step_size"]
OF_STEP, OF_SEED = [*OF_RUN, "step"], [*OF_RUN, "seed", "step"]


def project(folder: Path) -> Project:
    """A project of these studies."""
    project = copy_project(folder, STUDIES)
    random = np.random.default_rng(0)
    lines = [f"{x:.4f},{y:.4f},a\n{y:.4f},{x + 1:.4f},b\n" for x, y in random.normal(size=(20, 2))]
    (folder / "points.csv").write_text("x,y,class\n" + "".join(lines))
    return project


@pytest.fixture(scope="session")
def results(tmp_path_factory, worker_id) -> Path:
    """The results of the studies, which the first of the processes that test makes."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "explored"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = Project(folder) if folder.exists() else project(folder)
        made.jobs("results/index.html", *(f"results/{study}/explorer.html" for study in RUNS))
    return folder / "results"


@pytest.fixture(scope="session")
def traces(results) -> dict[str, pd.DataFrame]:
    """traces.csv of each study, with errors."""
    tables = {study: pd.read_csv(results / f"{study}/traces.csv") for study in RUNS}
    for table in tables.values():
        for name in table.filter(like="_accuracy"):
            table[name.replace("accuracy", "error")] = 1 - table[name]
    return tables


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def open_file(browser) -> Iterator[Callable]:
    with opening(browser) as open_file:
        yield open_file


@pytest.fixture
def open_page(results, open_file) -> Callable:
    """Open the page of a study."""
    return lambda study, *of, **options: open_file(
        results / study / "explorer.html", *of, **options
    )


@pytest.fixture
def page(open_page) -> Explorer:
    return open_page("explored")


def are_read(texts: list[str], exact: pd.DataFrame) -> None:
    """Four digits are shown of what float32 holds of medians and ranges."""
    with np.errstate(over="ignore"):
        expected = exact[["median", "low", "high"]].to_numpy().astype(np.float32)
    np.testing.assert_allclose([*map(as_read, texts)], expected, rtol=5.01e-4, atol=1e-7)


def test_a_page_shows_the_curve_and_the_card_of_the_run_that_one_chooses(made_once, open_file):
    study = made_once.folder / "results/tiny"
    page = open_file(study / "explorer.html")
    assert page.legend() == ["sgd 0.01", "sgd 1.0", "gd 10.0"]
    page.mouse.click(*page.end("sweep", "gd 10.0"))

    assert page.legend() == ["gd 10.0"]
    assert page.pixels("gd 10.0") > 50
    assert page.headings() == ["gd, step size 10.0 Pin"]
    run = pd.read_csv(study / "traces.csv").query("optimizer == 'gd'")
    end = over_seeds(run, OF_STEP, "objective").iloc[[-1]]
    are_read(page.cards()[0]["objective"][1:], end)


@pytest.mark.slow
def test_what_a_page_links_is_there(results):
    file = results / "explored/explorer.html"
    links = re.findall(r'<a\s+href="([^"]+)"', file.read_text())
    assert "../index.html" in links
    assert [link for link in links if not (file.parent / link).exists()] == []


@pytest.mark.slow
def test_buttons_and_boxes_choose_runs(page):
    gd = page.label("gd", exact=True)
    page.click("The best of each optimizer")
    assert page.legend() == ["sgd 0.01", "gd 0.3"]  # as the headline says
    page.click("All")
    assert page.legend() == RUNS["explored"]
    for button, chosen in {"All": RUNS["explored"][:2], "A few": RUNS["explored"]}.items():
        gd.uncheck()
        page.click(button)
        assert page.legend() == ["sgd 0.01", "sgd 0.1"]
        assert set(page.table()["optimizer"]) == {"sgd"}
        gd.check()
        assert page.legend() == chosen
    page.select(metric="curvature", curve="curvature")  # which full batches alone have
    assert page.legend() == ["gd 0.3", "gd 3.0", "gd 300.0"]
    assert set(page.table()["optimizer"]) == {"gd"}
    gd.uncheck()
    assert page.legend() == []


@pytest.mark.slow
def test_the_mouse_reads_the_nearest_run_and_chooses_runs(page):
    x, y = page.end("curves", "gd 0.3")
    for away, is_read in [(500, False), (3, True)]:
        page.mouse.move(x - away, y - 2)
        assert (page.at("curves") == page.at("sweep") == ("gd 0.3", 40)) == is_read
    first, left, right = (page.end("sweep", run) for run in ("sgd 0.01", "sgd 0.1", "gd 3.0"))
    page.mouse.click(*right)
    assert page.legend() == ["gd 3.0"]
    page.page.keyboard.down("Shift")
    page.mouse.click(*first)
    assert page.legend() == ["gd 3.0", "sgd 0.01"]
    page.mouse.click(*first)
    assert page.legend() == ["gd 3.0"]
    page.page.keyboard.up("Shift")
    page.drag((left[0] - 20, left[1]), (right[0] + 20, left[1] + 5))
    assert page.legend() == ["sgd 0.1", "gd 0.3", "gd 3.0"]


@pytest.mark.slow
def test_the_sweep_is_shown_at_the_end_at_the_best_and_at_an_epoch(page, traces):
    medians = over_seeds(traces["explored"], OF_STEP, "test_accuracy")["median"]
    by_run = medians.groupby(OF_RUN, sort=False)
    epoch = sorted(traces["explored"]["epoch"].unique())[9]
    page.select(metric="test_accuracy", at="epoch")
    page.page.get_by_role("slider", name="epoch").fill("9")

    for at, steps in {
        "end": {run: of.index[-1][-1] for run, of in by_run},
        "best": {run: of.idxmax()[-1] for run, of in by_run},
        "epoch": traces["explored"].query(f"epoch <= {epoch}").groupby(OF_RUN)["step"].max(),
    }.items():
        page.select(at=at)
        shown = page.table().astype({"step size": float, "step": int})
        shown = shown.set_index(["optimizer", "step size"])["step"]
        assert shown.to_dict() == dict(steps)


@pytest.mark.slow
def test_axes_are_linear_or_logarithmic_as_one_chooses(page):
    page.select(metric="excess", curve="excess", x="path")
    for box in ("logarithmic", "logarithmic upwards", "logarithmic across"):
        plot = "sweep" if box == "logarithmic" else "curves"
        for checked in (False, True):
            page.label(box, exact=True).set_checked(checked)
            places, values = [], []
            for run in RUNS["explored"][:4]:  # the last one diverges
                page.come_to(run)
                (x, y), (_, step), step_size = page.mark(plot), page.at(plot), run.split()[1]
                excess, *_ = as_read(page.read(plot)["value"])
                places.append(x if "across" in box else y)
                values.append(float(step_size) * step if "across" in box else excess)
            linear, log = (np.corrcoef(places, f(values))[0, 1] ** 2 for f in (np.abs, np.log))
            assert max(linear, log) > 0.9999
            assert (log > linear) == checked


@pytest.mark.slow
def test_a_drag_enlarges_the_curves_until_one_shows_them_all(page):
    def places() -> tuple[tuple[float, float], ...]:
        """Of step 20 of a run, and of the end of another."""
        page.come_to("gd 3.0")
        for _ in range(4):
            page.press_in("curves", "ArrowLeft")
        assert page.at("curves") == ("gd 3.0", 20)
        middle = page.mark("curves")
        page.come_to("gd 0.3")
        return middle, page.mark("curves")

    (x, y), _ = whole = places()
    for show_all in [
        lambda: page.mouse.dblclick(*page.frame("curves", 0.5, 0.5)),
        lambda: page.click("Show all of it"),
    ]:
        page.drag(page.frame("curves", 0.3, y / 2), page.frame("curves", 0.8, y + 0.3))
        inside, outside = places()
        enlarged = (x - 0.3) / 0.5, (y / 2) / (y / 2 + 0.3)
        np.testing.assert_allclose(inside, enlarged, atol=0.01)
        assert np.isnan(outside).all()
        show_all()
        np.testing.assert_allclose(places(), whole, atol=1e-3)


@pytest.mark.slow
def test_a_card_says_what_a_run_came_to_and_where_it_comes_from(page, traces, results):
    page.come_to("gd 0.3")
    page.press_in("curves", "ArrowLeft")
    [shown] = page.cards()
    assert shown[""] == ["step 35, epoch 35", "end, step 40"]
    exact = over_seeds(traces["explored"], OF_STEP, "excess")
    are_read(shown["objective F − F*"], exact.loc[[("gd", 0.3, 35), ("gd", 0.3, 40)]])
    weights = page.page.get_by_role("img", name="Weights of each class").get_attribute("aria-label")
    step, scale = re.fullmatch(r".* at step (\d+), seed 0; largest weight ±(\S+)", weights).groups()
    with np.load(results / "explored/iterates/gd/0.3.npz") as iterates:
        [A] = iterates["A"][0, iterates["step"] == int(step)]
    assert float(scale) == pytest.approx(np.abs(A).max(), rel=1e-3)
    assert 20 <= int(step) <= 35

    card = page.page.locator("#cards article")
    card.get_by_text("Command and provenance").click()
    command, text = card.locator("code").inner_text(), card.inner_text()
    assert command == "snakemake --cores 1 results/explored/traces/gd/0.3.csv"
    checksums = json.loads((results / "explored/traces/gd/0.3.json").read_text())["sha256"]
    assert all(part in text for part in ("engine\nnumpy", checksums["trace"], checksums["data"]))
    assert not re.search(r"\n(null|\{\})\n", text)  # keys that the run does not use
    page.page.evaluate("() => { navigator.clipboard.writeText = async (s) => { copied = s } }")
    page.click("Copy")
    page.until("window.copied")
    assert page.page.evaluate("copied") == command
    page.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject() }")
    page.click("Copied")  # where a browser does not allow it
    page.until("getSelection().toString()")
    assert page.page.evaluate("getSelection().toString()").strip() == command


@pytest.mark.slow
def test_two_runs_are_pinned_side_by_side(page):
    page.pin("sgd 0.01")
    page.pin("gd 0.3")
    assert page.headings() == ["sgd, step size 0.01 Unpin", "gd, step size 0.3 Unpin"]
    left, right = (card.bounding_box() for card in page.page.locator("#cards article").all())
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] < right["x"]
    page.pin("gd 3.0")
    assert page.headings() == ["gd, step size 0.3 Unpin", "gd, step size 3.0 Unpin"]
    page.click("Unpin gd 0.3")
    assert page.headings() == ["gd, step size 3.0 Unpin"]


@pytest.mark.slow
def test_the_address_restores_what_is_shown(open_page):
    page = open_page("explored")
    page.select(metric="excess", at="epoch", curve="train_loss", x="path")
    page.page.get_by_role("slider", name="epoch").fill("3")
    page.label("logarithmic", exact=True).uncheck()
    for box in ("logarithmic across", "logarithmic upwards", "each seed a line"):
        page.label(box).check()
    page.pin("sgd 0.1")
    page.pin("gd 3.0")
    page.click("The best of each optimizer")
    page.label("sgd", exact=True).uncheck()
    page.drag(page.frame("curves", 0.1, 0.1), page.frame("curves", 0.99, 0.99))
    page.come_to("gd 0.3")
    page.press_in("curves", "ArrowLeft")
    restored = open_page("explored", page.hash())

    assert restored.state() == page.state()
    assert restored.hash() == page.hash()
    assert restored.legend() == ["gd 0.3"]
    assert restored.at("curves") == ("gd 0.3", 35)
    assert len(restored.cards()) == 3
    restored.page.evaluate("location.hash = ''")  # as a link on the page, or a hand, would
    assert restored.legend() == RUNS["explored"]


@pytest.mark.slow
def test_what_is_not_known_of_an_address_is_as_if_it_was_not_there(open_page):
    def state(page: Explorer) -> list:
        page.come_to("gd 3.0")
        return page.state()

    at_first = state(open_page("explored"))
    for nonsense in [
        "#metric=colour&curve=&at=noon&x=expected&sweepLog=maybe&yLog=1&seeds=some&epoch=1.5",
        "#chosen=gd 7,adam 1&pins=gd 7&run=gd 7&row=3&hidden=adam&epoch=1000&zoom=4,3,2,1",
        "#epoch=-3&zoom=1,2,3,nan&row=-5&pins=,,&toString=1&__proto__=2&=&&&%&%E0%A4%A",
    ]:
        assert state(open_page("explored", nonsense)) == at_first
    known = "#chosen=gd+7,gd+0.3,gd+0.3&pins=gd+0.3,sgd+0.1,gd+3.0&run=gd+3.0&row=7"
    page = open_page("explored", known)
    assert page.legend() == ["gd 0.3"]
    assert page.headings() == ["sgd, step size 0.1 Unpin", "gd, step size 3.0 Unpin"]
    assert page.at("sweep") == ("gd 3.0", 40)  # 7 is no step of it


@pytest.mark.slow
@pytest.mark.parametrize("study", RUNS)
def test_what_is_saved_as_csv_is_in_the_traces(open_page, traces, study):
    page, exact = open_page(study), traces[study]
    metric = exact.columns[-1]
    page.select(metric=metric, curve=metric)
    for section in ("of-sweep", "of-curves"):
        saved = pd.read_csv(page.saved("Save as CSV", section))
        merged = saved.merge(exact, on=["study", *OF_SEED], how="left", validate="1:1")
        with np.errstate(over="ignore"):
            values = merged[[f"{metric}_y", "epoch_y"]].to_numpy().astype(np.float32)
        np.testing.assert_allclose(merged[[f"{metric}_x", "epoch_x"]], values, 1e-6, 1e-7)
        for run, all_steps in exact.groupby(OF_RUN)["step"]:
            steps = set(saved.set_index(OF_RUN).loc[[run], "step"])
            shown = {all_steps.max()} if section == "of-sweep" else set(all_steps)
            if len(shown) > 100:
                assert {0, all_steps.max()} <= steps <= shown
                assert 50 < len(steps) <= 101
            else:
                assert steps == shown


@pytest.mark.slow
@pytest.mark.parametrize(
    ("study", "metric"),
    [("explored", "excess"), ("bowl", "objective"), ("points", "test_accuracy"),
     ("points", "test_error")],
)  # fmt: skip
def test_what_is_read_are_medians_and_ranges_over_seeds(open_page, traces, study, metric):
    """Of points, some seeds end beyond any number, which counts as the worst."""
    page, exact = open_page(study), over_seeds(traces[study], OF_STEP, metric)
    page.select(metric=metric, curve=metric)
    read, places = [], []
    for run in RUNS[study]:
        page.come_to(run)
        for _ in range(6):
            (_, step), (optimizer, step_size) = page.at("curves"), run.split()
            read.append(page.read("curves")["value"])
            places.append((optimizer, float(step_size), step))
            page.press_in("curves", "ArrowLeft")
    are_read(read, exact.loc[places])
    ends = page.table().astype({"step size": float, "step": int})
    are_read([*ends.iloc[:, 3]], exact.loc[[*ends.iloc[:, :3].itertuples(index=False, name=None)]])
    if study == "points":
        assert np.isfinite(exact.loc[places[6], ["low", "median", "high"]]).sum() == 2


@pytest.mark.slow
def test_a_png_holds_what_is_drawn(page):
    for section in ("of-sweep", "of-curves"):
        image = imread(page.saved("Save as PNG", section), format="png")
        assert (image[:30] < 0.5).any()  # the title
        for run in RUNS["explored"]:
            distance = np.abs(image[..., :3] - np.divide(page.swatch(run), 255)).max(2)
            assert (distance < 0.01).sum() > 60  # 56 are beside its name


@pytest.mark.slow
def test_the_path_is_where_its_objective_says(open_page, traces):
    page = open_page("bowl")
    page.come_to("gd 1.0")
    cos, sin = np.cos(bowl.ANGLE), np.sin(bowl.ANGLE)
    axes = np.array([[cos, -sin], [sin, cos]])
    along = page.in_plane(".iterate", "cx", "cy") * [1, -1] @ axes
    start = -np.array(bowl.OPTIMUM) @ axes
    scale = start @ along[0] / (along[0] @ along[0])
    np.testing.assert_allclose(scale * along[0], start, atol=0.01)  # from zeros
    heights = np.square(scale * along) @ bowl.CURVATURES / 2
    exact = traces["bowl"].query("optimizer == 'gd' and step_size == 1")["excess"]
    np.testing.assert_allclose(heights, exact, rtol=0.02, atol=2e-4 * heights[0])

    radii = scale * page.in_plane("ellipse", "rx", "ry")
    levels = np.square(radii) * np.sort(bowl.CURVATURES)[::-1] / 2
    np.testing.assert_allclose(levels[:, 0], levels[:, 1], rtol=1e-3)
    np.testing.assert_allclose(levels[:-1] / levels[1:], 2, rtol=1e-3)
    assert levels[-1, 0] < heights[0] < levels[0, 0]
    turned = page.page.locator("#plane ellipse").first.get_attribute("transform")
    turn = float(turned.removeprefix("rotate(").removesuffix(")"))
    assert turn % 180 == pytest.approx(90 - np.degrees(bowl.ANGLE), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_slider_and_play_walk_the_path(open_page, motion):
    page = open_page("bowl", reduced_motion=motion)
    place = page.page.locator("#plane-size")
    at_once = page.page.get_by_role("slider", name="step size").evaluate(
        "of => { of.value = 1; of.dispatchEvent(new Event('input'));"
        " return document.getElementById('plane-size').textContent; }"
    )
    assert f"2.05, step {20 if motion == 'reduce' else 0}:" in at_once
    page.until("document.getElementById('plane-size').textContent.includes('2.05, step 20')")
    assert len(page.in_plane(".iterate", "cx")) == 21
    page.click("Play")
    page.press_in("curves", "ArrowLeft")  # takes over
    stopped = place.inner_text()
    page.page.wait_for_timeout(WRITTEN)
    assert place.inner_text() == stopped


@pytest.mark.slow
def test_the_keyboard_walks_over_step_sizes_and_chooses_and_pins_runs(page):
    page.focus_by_tab("sweep")
    walked = []
    for key in "Down Right Right Left Down Up Down Right Right".split():
        page.press(f"Arrow{key}")
        walked.append(page.at("sweep")[0])

    assert walked[:4] == ["sgd 0.01", "sgd 0.1", "sgd 0.1", "sgd 0.01"]  # at first to the first
    assert walked[4:] == ["gd 0.3", "sgd 0.1", "gd 0.3", "gd 3.0", "gd 300.0"]
    page.press("Enter")
    assert page.legend() == ["gd 300.0"]
    page.press("ArrowLeft")
    for legend in (["gd 300.0", "gd 3.0"], ["gd 300.0"]):
        page.press(" ")
        assert page.legend() == legend
    for key, button in {"p": "Unpin", "P": "Pin"}.items():
        page.press(key)
        assert page.headings() == [f"gd, step size 3.0 {button}"]
    assert page.page.evaluate("document.activeElement.id") == "sweep"


@pytest.mark.slow
def test_the_keyboard_walks_along_curves_and_enlarges_them(page):
    page.focus_by_tab("curves")
    walked = []
    for key in "Right Right Right Left Down Down Up".split():
        page.press(f"Arrow{key}")
        walked.append(page.at("curves"))
    assert walked[:4] == [("sgd 0.01", step) for step in (0, 1, 2, 1)]
    assert [run for run, _ in walked[4:]] == ["sgd 0.1", "gd 0.3", "sgd 0.1"]

    page.come_to("gd 0.3")
    page.press_in("curves", "ArrowLeft")
    place = np.array(page.mark("curves"))
    page.press("ArrowLeft")
    step = page.mark("curves") - place
    for keys, factor in {"+": 2, "++": 4, "++-": 2, "+0": 1}.items():
        page.press("ArrowRight")
        for key in keys:
            page.press(key)
        np.testing.assert_allclose(page.mark("curves"), place, atol=2e-3)
        page.press("ArrowLeft")
        np.testing.assert_allclose(page.mark("curves"), place + factor * step, atol=4e-3)
        page.press("Escape")
    page.come_to("gd 300.0")
    page.press_in("curves", "+")  # about a place beyond any number
    assert "zoom" not in page.hash()


@pytest.mark.slow
def test_everything_has_a_name(open_page):
    page = open_page("bowl")
    page.select(at="epoch")
    page.pin("gd 1.0")
    page.page.get_by_text("Command and provenance").click()
    tree = page.page.locator("body").aria_snapshot()

    roles = "button|checkbox|slider|combobox|application|link|img|table"
    named = re.findall(rf"- '?({roles})(?: \"(.+?)\")?(?=[: \[\n'])", tree)
    assert {role for role, _ in named} == set(roles.split("|"))
    assert [role for role, name in named if not name] == []


@pytest.mark.slow
def test_a_phone_scrolls_down_only(open_page, browser, results):
    phone = {"width": 390, "height": 844}
    for study, runs in RUNS.items():
        page = open_page(study, viewport=phone, device_scale_factor=2)
        for run in runs[:2]:
            page.pin(run)
        for summary in page.page.locator("summary").all():
            summary.click()
        assert page.width() <= 390
    index = Explorer(browser.new_page(viewport=phone))
    index.page.goto((results / "index.html").as_uri())
    assert index.width() <= 390
    index.page.close()
    page = open_page("explored")
    page.page.set_viewport_size(phone)  # as when one turns it
    page.until("document.querySelector('#sweep canvas').clientWidth < 390")
    assert page.width() <= 390


@pytest.mark.slow
def test_texts_and_curves_can_be_seen_in_the_light_and_in_the_dark(page):
    colours = []
    for scheme in ("light", "dark"):
        page.page.emulate_media(color_scheme=scheme)
        page.page.wait_for_timeout(WRITTEN)
        luminances = page.luminances()
        assert len(luminances) >= 3
        for ink, ground in luminances:
            assert (ground > ink) == (scheme == "light")
            assert (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05) >= 4.5
        for run in ("sgd 0.01", "gd 3.0"):
            assert page.pixels(run) > 20
            colours.append(tuple(page.swatch(run)))
    assert len(set(colours)) == 4
