"""Which classes a step size loses: the recall of each class, the share of its test samples that the
last iterate recognises, against the step size, a panel for each class.

A mark is a seed, a line the median over seeds. A class whose marks lie at 0 is never predicted
right by these seeds. Runs whose parameters are not finite are left out. Of more than twenty classes
the twenty are shown whose recall varies most.
"""

from collections.abc import Iterator, Mapping
from math import ceil
from types import ModuleType

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from descent.figures._final import SEEDS
from descent.figures._scales import percent, step_size_axis
from descent.figures._style import BARE, RUN, WIDTH, name_study, optimizer_looks, wrapped
from descent.store.data import Data
from descent.store.iterates import AVERAGE, Iterates

MOST, COLUMNS = 20, 5  # panels, panels in a row


def draw(
    traces: pd.DataFrame,
    summary: pd.DataFrame,
    runs: Mapping[tuple[str, float], Iterates],
    data: Data,
    model: ModuleType,
) -> Figure:
    recalls = pd.DataFrame(
        [*_recalls(runs, data, model)], columns=[*RUN, "seed", *range(data.outputs)]
    )
    spread = recalls[range(data.outputs)].std().fillna(0.0)
    shown = sorted(spread.nlargest(MOST).index)
    columns = min(COLUMNS, len(shown))
    figure = Figure(figsize=(WIDTH, 1.0 + 1.5 * ceil(len(shown) / columns)))
    share = {"x": "step size α", "y": "recall", "sharex": True, "sharey": True}
    looks = {name: optimizer_looks(summary)[name] for name in dict.fromkeys(o for o, _ in runs)}
    for axes, label in zip(wrapped(figure, len(shown), columns, **share), shown, strict=True):
        step_size_axis(axes, summary["step_size"])
        axes.set_xlabel(axes.get_xlabel() if axes.get_subplotspec().is_last_row() else "")
        for optimizer, look in looks.items():
            seeds = recalls[recalls["optimizer"] == optimizer].set_index("step_size")[label]
            axes.plot(seeds.groupby(level=0).median(), color=look["color"], linewidth=1)
            axes.plot(seeds, **{**look, **SEEDS, **BARE})
        axes.set_ylim(0, 1)
        axes.yaxis.set_major_formatter(lambda share, _: percent(share))
        axes.set_title(str(data.classes[label]) if data.classes.size else label)
    handles = [Line2D([], [], label=name, **look, markersize=4) for name, look in looks.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5)
    seeds = summary["seeds"].max()
    name_study(figure, summary, f"{seeds} seeds" if seeds > 1 else "one seed")
    return figure


def _recalls(
    runs: Mapping[tuple[str, float], Iterates], data: Data, model: ModuleType
) -> Iterator[tuple]:
    """Optimizer, step size and seed of each last iterate that is finite, and its recalls."""
    for (optimizer, step_size), run in runs.items():
        for place, seed in enumerate(run.seed):
            predicted = predictions(run, place, data, model)
            if predicted is not None:
                right = np.bincount(data.y_test[predicted == data.y_test], minlength=data.outputs)
                there = np.bincount(data.y_test, minlength=data.outputs)
                with np.errstate(invalid="ignore"):  # a class without test samples
                    yield optimizer, step_size, seed, *(right / there)


def predictions(run: Iterates, seed: int, data: Data, model: ModuleType) -> NDArray | None:
    """The class of each test sample, that of the largest score, by the last iterate of the seed in
    this place; None where it is not finite."""
    last = {name: p[seed, -1] for name, p in run.parameters.items() if not name.startswith(AVERAGE)}
    if not all(np.isfinite(p).all() for p in last.values()):
        return None
    return model.scores(last, data.inputs(data.x_test, last["A"].dtype.name)).argmax(0)
