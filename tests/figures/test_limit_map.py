"""The limit map, by a map whose periods are known."""

import numpy as np
import pandas as pd
from drawing import texts
from made_up import NAMED, NOTHING

from descent.figures.limit_map import COLOURS, draw
from descent.theory.known import Known


def of_logistic_map(optimizers: dict[str, list[float]], seeds: int = 2) -> pd.DataFrame:
    """Traces whose objective is 1 + x of x ← α x (1 - x), which has a period for each α."""
    runs = []
    for optimizer, step_sizes in optimizers.items():
        for step_size in step_sizes:
            for seed in range(seeds):
                x = [0.4 + seed / 100]
                for _ in range(4000):
                    x.append(step_size * x[-1] * (1 - x[-1]))
                run = pd.DataFrame({"step": range(1001), "objective": 1 + np.array(x[-1001:])})
                runs.append(run.assign(optimizer=optimizer, step_size=step_size, seed=seed))
    return pd.concat(runs, ignore_index=True)


def limit_map(traces: pd.DataFrame, known: Known = NOTHING):
    summary = traces[["optimizer", "step_size"]].drop_duplicates()
    return draw(traces, summary.assign(seeds=2, **NAMED), known)


PERIODS = {2.8: "1", 3.2: "2", 3.5: "4", 3.55: "8", 3.83: "another", 3.9: "none"}


def periods_of(axes) -> list[list[str]]:
    """What the rows of cells say, by their colours."""
    (cells,) = [many for many in axes.collections if many.get_array() is not None]
    return [[list(COLOURS)[int(code)] for code in row] for row in cells.get_array()]


def test_the_limit_map_shows_every_value_of_the_last_quarter_by_its_period():
    traces = of_logistic_map({"gd": list(PERIODS)})
    above, below = (drawn := limit_map(traces)).axes
    last = traces[traces["step"] > 750]
    for name, line in ((line.get_gid(), line) for line in above.get_lines()):
        expected = last[last["step_size"].map(PERIODS) == name]
        np.testing.assert_array_equal(line.get_xydata(), expected[["step_size", "objective"]])
        assert line.get_color() == COLOURS[name]
    assert len(last) == sum(len(line.get_xdata()) for line in above.get_lines())
    assert periods_of(below) == [list(PERIODS.values())] * 2
    assert "another: 3" in texts(drawn)
    assert not {"diverged", "beyond the axis"} & set(texts(drawn))
    assert (above.get_xscale(), above.get_yscale()) == ("linear", "linear")


def test_the_limit_map_shows_the_limits_that_are_known():
    limits = {"gd_local": 3.0, "gd_global": 2.9, "sgd": {}}
    known = Known(NOTHING.numbers | {"limits": limits}, NOTHING.expected)
    above, _ = limit_map(of_logistic_map({"gd": list(PERIODS)}), known).axes
    drawn = {line.get_xdata()[0]: line.get_linestyle() for line in above.get_lines()[-2:]}
    assert drawn == {3.0: "--", 2.9: "-."}


def test_step_sizes_are_shown_in_units_of_the_bound_where_it_is_known():
    limits = {"gd_local": 3.0, "gd_global": 0.5, "sgd": {}}
    known = Known(NOTHING.numbers | {"limits": limits}, NOTHING.expected)
    traces = of_logistic_map({"gd": list(PERIODS)})
    drawn = limit_map(traces, known)
    drawn.draw_without_rendering()
    above = drawn.axes[0]
    (units,) = above.child_axes
    assert units.get_xlabel() == "in units of 1/L"
    assert np.allclose(units.get_xlim(), 4 * np.array(above.get_xlim()))
    assert not limit_map(traces).axes[0].child_axes


def test_the_limit_map_has_a_row_for_each_start():
    traces = of_logistic_map({"gd": [3.2, 3.5]})
    traces.loc[(traces["seed"] == 1) & (traces["step_size"] == 3.5), "objective"] = 1.4
    drawn = limit_map(traces)
    assert periods_of(drawn.axes[1]) == [["2", "4"], ["2", "1"]]
    assert [label.get_text() for label in drawn.axes[1].get_yticklabels()] == ["0", "1"]


def test_the_limit_map_marks_what_is_off_its_axis():
    traces = of_logistic_map({"gd": [2.8, 3.2, 3.5]})
    late = traces["step"] > 500
    traces.loc[late & (traces["step_size"] == 3.5) & (traces["seed"] == 0), "objective"] = np.nan
    far = late & (traces["step_size"] == 3.2)
    traces.loc[far, "objective"] = 10.0 ** (traces["step"] / 10)
    drawn = limit_map(traces)
    above, below = drawn.axes
    (off,) = (line for line in above.get_lines() if line.get_gid() == "off")
    assert list(off.get_xdata()) == [3.2, 3.5]
    assert periods_of(below) == [["1", "none", "diverged"], ["1", "none", "4"]]
    assert {"diverged", "beyond the axis"} <= set(texts(drawn))
    assert above.get_ylim()[1] < 2.1
