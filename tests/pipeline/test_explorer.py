"""The interactive page of a study, used in a browser, and compared with the study's tables."""

import fcntl
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from browsing import CHROMIUM, PLOTS, QUIET, WRITTEN, luminance, make_pages, opening  # pyright: ignore
from numpy.testing import assert_allclose
from playwright.sync_api import Browser, sync_playwright

from descent.analysis.quantiles import over_seeds
from descent.datasets import bowl

MISSING = "no chromium, chromium-browser or google-chrome is installed"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=MISSING)]

# of digits: gd 30 and 300 are beyond the limit; of the bowl: 40 leaves all finite numbers
STUDIES = """\
studies:
  digits: {
    dataset: digits, model: softmax_regression, l2: 0.1, curvature_samples: 9, seeds: 3,
    question: "What is <asked>?", optimizers: {
      sgd: {batch_size: 1, epochs: 2, evaluate_every: 400, step_sizes: [0.01, 0.1]},
      sgd_replacement: {batch_size: 7, sampling: with_replacement, epochs: 2, evaluate_every: 90,
                        step_sizes: [0.01, 0.1]},
      gd: {batch_size: full, epochs: 40, evaluate_every: 1, step_sizes: [0.3, 3, 30, 300]}}}
  bowl: {
    dataset: bowl, model: linear_regression, bias: false, initial: zeros, seeds: 1, optimizers: {
      gd: {batch_size: full, epochs: 60, evaluate_every: 1, average_from: 15,
           step_sizes: [1, 2.05, 40]}}}
  many: {
    dataset: bowl, model: linear_regression, bias: false, seeds: 1, optimizers: {
      gd: {batch_size: full, epochs: 3, evaluate_every: 1,
           step_sizes: {from: 0.001, to: 1, per_decade: 10}}}}
  network: {
    dataset: digits, model: neural_network, hidden: 4, seeds: 2, optimizers: {
      sgd: {batch_size: 500, epochs: 3, evaluate_every: 1, step_sizes: [0.01, 0.1, 1]}}}
"""
NAMES = ["digits", "bowl", "network"]
OF_RUN = ["optimizer", "step_size"]


@pytest.fixture(scope="session")
def results(tmp_path_factory, worker_id) -> Path:
    """The results of the studies, made by the first of the test processes."""
    folder = tmp_path_factory.getbasetemp()
    folder = (folder if worker_id == "master" else folder.parent) / "explored"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            make_pages(folder, STUDIES)
    return folder / "results"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, results) -> Iterator[Callable]:
    with opening(browser) as opened:
        yield lambda study, *of, **options: opened(
            results / study / "explorer.html", *of, **options
        )


def table_of(results: Path, study: str, name: str) -> pd.DataFrame:
    return pd.read_csv(results / study / f"{name}.csv")


@pytest.mark.parametrize(
    ("study", "optimizers"), [("digits", {"sgd", "sgd_replacement", "gd"}), ("bowl", {"gd"})]
)
def test_predictions_are_those_of_expected_csv(open_page, results, study, optimizers):
    page, expected = open_page(study), table_of(results, study, "expected")
    expected = expected[~expected["optimizer"].str.endswith("_average")]
    assert set(expected["optimizer"]) == optimizers
    for (optimizer, step_size), rows in expected.groupby(OF_RUN):
        values = page.run(
            """async ([name, stepSize, steps]) => {
                const { expected } = await import("expected");
                const { prediction, optimizers } = await import("study");
                const optimizer = optimizers.find((of) => of.name === name);
                return expected(prediction, optimizer, stepSize, steps);
            }""",
            [optimizer, step_size, rows["step"].tolist()],
        )
        exact = rows["from_start"] + rows["from_noise"].fillna(0)
        assert_allclose(values, exact, rtol=6e-8)


def test_the_inflation_of_noise_is_interpolated(open_page):
    """Linearly, after multiplication by 1 - α/limit; here it is (1 + α) / (1 - α), the limit 1."""
    factors = open_page("bowl").run(
        """async (sizes) => {
            const { expected, fromNoise } = await import("expected");
            const inflation = { 1: [0.2, 0.5].map((a) => [a, (1 + a) / (1 - a)]) };
            const prediction = { start: [[1], [0]], noise: [[1], [1]], samples: 9, inflation };
            const predicted = { batchSize: 1, shuffled: true, limit: 1 };
            return sizes.map((a) => expected(prediction, { predicted }, a, [5])[0] /
                fromNoise([[1], [1]], a, 5, 1, 9, true));
        }""",
        sizes := [0.1, 0.2, 0.3, 0.5, 0.8],
    )
    assert_allclose(factors, (1 + np.array(sizes)) / (1 - np.array(sizes)))


def test_the_slider_predicts_between_the_runs_and_beyond_the_limit(open_page):
    page = open_page("bowl", "#chosen=")
    page.slide("alpha", np.log(1.5))
    assert page.text("#alpha-text") == "α = 1.5"
    assert "Nearest run: gd 2.05 ends with" in page.text("#nearest")
    assert "Predicted: F − F* = " in page.text("#predicted")
    before, (_, last) = page.path("#curves .predicted"), page.path("#curves .current.curve").T
    assert (np.diff(before[:, 1]) > 0).all()  # downwards
    assert last[-1] < last[0]
    page.slide("alpha", np.log(2.2))
    assert "Beyond the limit, 2, the steepest component doubles every" in page.text("#predicted")
    beyond = page.path("#curves .predicted")
    assert beyond[-1, 1] < beyond[0, 1]  # upwards
    page.page.locator("[data-key=alpha]").press("ArrowLeft")
    assert page.text("#alpha-text") != "α = 2.2"
    page = open_page("digits", "#optimizer=sgd&alpha=250")
    assert "second moments grow without bound" in page.text("#predicted")
    assert page.path("#curves .predicted").size == 0


def test_without_a_prediction_the_slider_moves_between_measured_runs(open_page):
    page = open_page("network")
    assert "No prediction: " in page.text("#predicted")
    for value, found in ((0.02, 0.01), (0.05, 0.1), (5, 1)):
        page.slide("alpha", np.log(value))
        assert page.text("#alpha-text") == f"α = {found}"
        assert f"Measured: sgd {found}" in page.text("#nearest")


@pytest.mark.parametrize("study", NAMES)
def test_numbers_are_medians_and_ranges_over_seeds(open_page, results, study):
    page, traces = open_page(study), table_of(results, study, "traces")
    for metric in [name for name in ("test_accuracy", "excess", "objective") if name in traces]:
        shown, scale = metric.replace("accuracy", "error"), 100 if "accuracy" in metric else 1
        page.select(metric=shown)
        values = traces.assign(**{shown: 1 - traces[metric]}) if scale > 1 else traces
        exact = over_seeds(values, [*OF_RUN, "step"], shown)
        for name, _, step, reading, *_ in page.table():
            optimizer, step_size = name.split()
            median, *ends = re.findall(r"-?\d[\d.e-]*|not finite", reading)
            row = exact.loc[(optimizer, float(step_size), int(step))]
            read = [np.inf if text == "not finite" else float(text) for text in (median, *ends)]
            wanted = row[["median", "low", "high"]][: len(read)] * scale
            wanted = wanted.where(wanted.abs() < 3.4e38, np.inf)
            assert_allclose(read, wanted, rtol=6e-4, atol=0.0051 if scale > 1 else 1e-7)


def test_a_curve_is_at_the_medians(open_page, results):
    page = open_page("digits", "#optimizer=gd&alpha=0.3&chosen=")
    traces = table_of(results, "digits", "traces").query("optimizer == 'gd' and step_size == 0.3")
    medians = np.log(traces.groupby("step")["excess"].median())
    x, y = page.path("#curves .current.curve").T
    for pixels, values in ((x, np.log(medians.index[1:])), (y, medians.iloc[1:])):
        line = np.polyfit(values, pixels, 1)
        assert np.abs(pixels - np.polyval(line, values)).max() < 0.2


def test_a_mark_has_a_tooltip_and_a_click_selects_its_run(open_page, results):
    page, summary = open_page("digits"), table_of(results, "digits", "summary")
    for plot, selector in (("sweep", ".mark.current"), ("curves", ".end")):
        mark = page.page.locator(f"#{plot} {selector}").first
        mark.scroll_into_view_if_needed()
        box = mark.bounding_box()
        place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.page.mouse.move(*place)
        name = re.match(r"(\w+ [\d.]+), step \d+: .*; \w+", page.text("#tip"))[1]
        page.page.mouse.click(*place)
        optimizer, step_size = name.split()
        assert f"Measured: {name} ends with" in page.text("#nearest")
        run = summary.set_index(OF_RUN).loc[(optimizer, float(step_size))]
        assert run["status"].split()[0] in page.text("#cards")
        excess = page.card()["suboptimality F − F*"][-1].split()[0]
        if run["status"] == "converged":
            assert float(excess) == pytest.approx(run["final_excess_median"], rel=1e-3)


def test_the_text_shows_accuracies_and_the_card_a_column_for_each_step(open_page, results):
    page, summary = open_page("digits"), table_of(results, "digits", "summary")
    page.select(metric="test_error")
    optimizer, step_size = re.match(r"\w+: (\w+) ([\d.]+)", page.text("#nearest")).groups()
    run = summary.set_index(OF_RUN).loc[(optimizer, float(step_size))]
    (shown,) = page.card()["test accuracy"]
    percents = [100 * run[f"final_test_accuracy_{name}"] for name in ("median", "min", "max")]
    assert_allclose([float(text) for text in re.findall(r"[\d.]+", shown)], percents, atol=0.006)
    assert f"ends with test accuracy {shown}" in page.text("#nearest")
    page.slide("row", 1)
    assert len(page.card()["test accuracy"]) == 2


def test_a_status_is_explained_on_focus(open_page):
    page = open_page("bowl", "#alpha=2.05")
    page.page.locator("#nearest .word").focus()
    shown = "getComputedStyle(document.querySelector('#nearest .word'), '::after').content"
    assert "its final difference from the best objective exceeds" in page.run(shown)


@pytest.mark.parametrize(("alpha", "beyond"), [(2.05, False), (40, True)])
def test_a_diverged_run_that_alone_is_chosen_is_visible(open_page, alpha, beyond):
    page = open_page("bowl", f"#alpha={alpha}&chosen=gd+{float(alpha)}&show-gd_average=false")
    y = page.path("#curves .current.curve")[:, 1]
    frame = page.run("document.querySelector('#curves .grid').getBBox().height")
    assert y[0] - y[-1] > frame / 2  # it rises, within the frame, and ends at its top
    assert y[-1] == y.min() >= 14
    assert (page.count("#curves .end title:text('beyond the axis')") > 0) == beyond
    assert page.text("#nearest").endswith("diverged.")


@pytest.mark.slow
def test_curves_are_kept_and_removed_and_two_runs_are_compared(open_page):
    page = open_page("digits", "#chosen=gd+3.0")
    assert page.curves() == ["gd 3.0"]
    page.click("Keep this curve")
    assert page.curves() in (["sgd 0.1", "gd 3.0"], ["sgd 0.01", "gd 3.0"])
    page.click("Remove this curve")
    page.page.get_by_label("draw gd 30.0").check()
    assert page.curves() == ["gd 3.0", "gd 30.0"]
    page.click("best of each")
    assert len(page.curves()) == 3
    page.click("all")
    assert len(page.curves()) == 8
    page.page.get_by_label("sgd_replacement", exact=True).uncheck()
    assert "sgd_replacement" not in " ".join(page.curves())
    page.select(other="gd 300.0", optimizer="gd")
    page.slide("row", 10)
    assert page.count("#cards article") == 2
    heads = page.page.locator("#cards thead").all_inner_texts()
    assert [re.search(r"step (\d+), epoch", head)[1] for head in heads] == ["10", "10"]
    assert page.card(1).keys() == page.card(0).keys() | {"curvature λ_max"}


@pytest.mark.slow
def test_the_path_of_the_bowl_is_played(open_page, results):
    page = open_page("bowl", "#alpha=1&chosen=")
    page.slide("row", 0)
    assert page.count("#plane .iterate") == 1
    page.click("Play")
    page.page.wait_for_function("document.querySelectorAll('#plane .iterate').length > 3")
    page.click("Play")
    ellipses = page.page.locator("#plane ellipse")
    radii = [[float(of.get_attribute(r)) for r in ("rx", "ry")] for of in ellipses.all()]
    assert_allclose(np.divide(radii[:-1], radii[1:]), np.sqrt(2))  # each half as high as the next
    ratio = np.sqrt(bowl.CURVATURES[0] / bowl.CURVATURES[1])
    assert_allclose(sorted([radii[0][1] / radii[0][0], 1])[1], max(ratio, 1 / ratio))


@pytest.mark.parametrize("study", ["digits", "bowl"])
def test_questions_hide_results_until_they_are_revealed(open_page, study):
    page = open_page(study)
    before = page.hash()
    questions = page.run("JSON.parse(document.querySelector('#metadata').textContent).questions")
    page.click("Predict, then reveal")
    score = 0
    for number, question in enumerate(questions, 1):
        assert page.text("#question").endswith(question["text"])
        assert page.count(":is(#sweep .mark, #curves .curve, .result):visible") == 0
        box = page.page.locator(f"#{question['plot']}").bounding_box()
        page.page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2)
        clicked = float(page.page.locator("#answer").input_value())
        assert clicked == pytest.approx(0.7, abs=0.1)
        page.page.locator("#answer").press("ArrowLeft")
        assert float(page.page.locator("#answer").input_value()) < clicked
        page.click("Reveal")
        said = float(page.text("#answered").split("≈ ")[1])
        right = question["low"] <= said <= question["high"]
        page.click("Reveal")  # counts once
        truth, score = page.text("#truth"), score + right
        assert truth.startswith("Right. " if right else "Not quite. ")
        assert truth.lower().endswith(f"score: {score} of {number}.")
        assert question["truth"] in truth
        assert question["reason"] in truth
        assert page.count(f"#{question['plot']} :is(.mark, .curve):visible") > 0
        page.click("Next question" if number < len(questions) else "Start again")
    page.click("Reveal")
    assert page.text("#truth").endswith(" of 1.")
    page.click("Leave")
    assert page.count("#quiz:visible") == 0
    assert page.hash() == before


def test_the_button_says_whether_the_link_was_copied(open_page):
    page = open_page("bowl")
    page.page.locator("#link").click()
    page.page.wait_for_function("document.querySelector('#link').textContent !== 'Copy link'")
    assert page.text("#link") in ("Copied", "Copy it from the address bar")


@pytest.mark.slow
def test_an_address_restores_what_is_shown(open_page):
    page = open_page("digits")
    page.select(metric="test_loss", at="epoch", curve="gradient_norm", x="epoch", other="sgd 0.1")
    page.select(optimizer="gd", part="last")
    page.slide("alpha", np.log(1.7))
    page.slide("row", 12)
    for key in ("sweepLog", "xLog", "yLog", "seeds", "show-sgd"):
        page.page.locator(f"[data-key={key}]").click()
    page.page.get_by_role("button", name="all", exact=True).click()
    restored = open_page("digits", page.hash())
    assert restored.state() == page.state()
    assert restored.hash() == page.hash()
    restored.run("location.hash = ''")
    restored.page.wait_for_timeout(WRITTEN)
    assert restored.state() == open_page("digits").state()


@pytest.mark.slow
@pytest.mark.parametrize(
    "nonsense",
    [
        "#metric=colour&curve=&at=noon&x=expected&sweepLog=maybe&yLog=1&seeds=some&alpha=-3",
        "#chosen=gd 7,adam 1&other=gd 7&row=x&optimizer=adam&show-adam=false&alpha=1e99",
        "#toString=1&__proto__=2&=&&&%&%E0%A4%A&alpha=x",
    ],
)
def test_unknown_parts_of_an_address_are_ignored(open_page, nonsense):
    assert open_page("digits", nonsense).state() == open_page("digits").state()


@pytest.mark.slow
@pytest.mark.parametrize("study", NAMES)
def test_the_saved_csv_has_the_numbers_of_the_traces(open_page, results, study):
    page, traces = open_page(study), table_of(results, study, "traces")
    page.select(metric="objective", curve="objective")
    page.click("all")
    for plot in PLOTS:
        saved = pd.read_csv(page.saved(f"{plot}-csv"))
        merged = saved.merge(traces, on=["study", *OF_RUN, "seed", "step"], validate="1:1")
        assert len(merged) == len(saved)
        assert saved.groupby(OF_RUN).ngroups == traces.groupby(OF_RUN).ngroups
        with np.errstate(over="ignore"):
            exact = merged[["objective_y", "epoch_y"]].to_numpy().astype(np.float32)
        assert_allclose(merged[["objective_x", "epoch_x"]], exact, 1e-6)


@pytest.mark.slow
def test_a_plot_is_saved_as_svg_for_a_light_background(open_page):
    page = open_page("digits", color_scheme="dark")
    for plot in PLOTS:
        svg = ElementTree.parse(page.saved(f"{plot}-svg")).getroot()
        texts = [of for of in svg.iter() if of.tag.endswith("text")]
        assert len(texts) > 5
        assert all(luminance(of.get("fill")) < 0.05 for of in texts)
        assert any(of.get("stroke-dasharray") not in ("none", None) for of in svg.iter())


@pytest.mark.slow
def test_many_curves_are_drawn_and_saved(open_page):
    page = open_page("many")
    page.click("all")
    drawn = page.run(
        """() => {
            const canvas = document.querySelector("#curves canvas");
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return pixels.data.filter((value, i) => i % 4 === 3 && value).length;
        }"""
    )
    assert drawn > 31 * 500  # pixels; the plot is wider
    svg = page.saved("curves-svg").read_text()
    assert 'href="data:image/png' in svg
    assert "foreignObject" not in svg


@pytest.mark.slow
@pytest.mark.parametrize("study", NAMES)
def test_every_control_has_a_name_and_is_reached_by_tab(open_page, study):
    page = open_page(study)
    for summary in page.page.locator("summary:visible").all():
        summary.click()
    tree = page.page.locator("body").aria_snapshot()
    roles = "button|checkbox|slider|combobox|link|img|table"
    named = re.findall(rf"- '?({roles})(?: \"(.+?)\")?(?=[: \[\n']|$)", tree)
    assert {role for role, _ in named} == set(roles.split("|"))
    assert [role for role, name in named if not name] == []
    reached = set()
    for _ in range(80):
        page.page.keyboard.press("Tab")
        reached.add(
            page.run("document.activeElement.dataset.key ?? document.activeElement.dataset.do")
        )
    keys = page.run(
        "[...document.querySelectorAll('[data-key], main [data-do]')]"
        ".filter((of) => of.checkVisibility()).map((of) => of.dataset.key ?? of.dataset.do)"
    )
    assert set(keys) <= reached


@pytest.mark.slow
@pytest.mark.parametrize("study", NAMES)
def test_the_page_fits_the_width_of_a_phone(open_page, study):
    page = open_page(study, viewport={"width": 390, "height": 844}, device_scale_factor=2)
    for summary in page.page.locator("summary:visible").all():
        summary.click()
    assert page.run("document.documentElement.scrollWidth") <= 390
