"""Recall of each class, the fraction of its test samples that the last iterate classifies
correctly, against the step size.

Markers are seeds, and lines are medians over seeds. A marker at 0 is a seed that never predicts the
class correctly. Seeds whose parameters are not finite are left out. If there are more than twenty
classes, the twenty whose recall varies most are shown.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from descent.figures import _scales as scales
from descent.figures import _style as style
from descent.figures._final import SEEDS
from descent.store.data import Data
from descent.store.iterates import AVERAGE, Iterates

MOST, COLUMNS = 20, 5  # panels, and panels in a row
Runs = Mapping[tuple[str, float], Iterates]


def draw(
    traces: pd.DataFrame, summary: pd.DataFrame, runs: Runs, data: Data, model: ModuleType
) -> Figure:
    classes = range(data.outputs)
    recalls = pd.DataFrame(recall(runs, data, model), columns=[*style.RUN, "seed", *classes])
    spread = recalls[classes].astype(float).std().fillna(0.0)
    shown = sorted(spread.nlargest(MOST).index)
    columns = min(COLUMNS, len(shown))
    figure = Figure(figsize=(style.WIDTH, 1.0 + 1.5 * ceil(len(shown) / columns)))
    share = {"x": "step size α", "y": "recall", "sharex": True, "sharey": True}
    trained = {optimizer for optimizer, _ in runs}  # without averages
    looks = {o: look for o, look in style.optimizer_looks(summary).items() if o in trained}
    for axes, label in zip(style.wrapped(figure, len(shown), columns, **share), shown, strict=True):
        scales.step_size_axis(axes, summary["step_size"], axes.get_xlabel())
        for optimizer, look in looks.items():
            seeds = recalls[recalls["optimizer"] == optimizer].set_index("step_size")[label]
            axes.plot(seeds.groupby(level=0).median(), color=look["color"], linewidth=1)
            axes.plot(seeds, **{**look, **SEEDS, **style.OVER})
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(lambda share, _: scales.percent(share))
        axes.set_title(class_name(data, label))
    handles = style.name_optimizers(looks)
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    seeds = summary["seeds"].max()
    style.name_study(figure, summary, f"each of {seeds} seeds" if seeds > 1 else "one seed")
    return figure


def recall(runs: Runs, data: Data, model: ModuleType) -> Iterator[tuple]:
    """Yield optimizer, step size, seed, recalls (nan without samples) of finite last iterates."""
    samples = np.bincount(data.y_test, minlength=data.outputs)
    for (optimizer, step_size), run in runs.items():
        for i, seed in enumerate(run.seed):
            predicted = predictions(run, i, data, model)
            if predicted is not None:
                correct = data.y_test[predicted == data.y_test]
                with np.errstate(invalid="ignore"):
                    recalls = np.bincount(correct, minlength=data.outputs) / samples
                yield optimizer, step_size, seed, *recalls


def predictions(run: Iterates, i: int, data: Data, model: ModuleType) -> NDArray | None:
    """Return the class of the largest score of each test sample, by the last iterate of the i-th
    seed; None if that is not finite."""
    names = [name for name in run.parameters if not name.startswith(AVERAGE)]
    last = {name: run.parameters[name][i, -1] for name in names}
    if not all(np.isfinite(p).all() for p in last.values()):
        return None
    return model.scores(last, data.inputs(data.x_test, last["A"].dtype.name)).argmax(0)


def class_name(data: Data, label: int) -> str:
    """Return the name of a class, or its number if the data have no names."""
    return str(data.classes[label] if data.classes.size else label)
