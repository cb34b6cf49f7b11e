"""Curves of a metric over a run: a panel for each optimizer, a colour for each step size."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from descent.figures._style import (
    BAND,
    MARKED,
    WIDTH,
    name_study,
    step_size_colours,
    step_size_text,
)
from descent.seeds import over_seeds
from descent.status import of_most

DEPTH = 1e-6  # of the largest distance: nearer is as good as there, and left out
HEIGHT, PANEL = 2.7, 3.2  # inches of a panel; its width holds the legend beside it


def panels(
    summary: pd.DataFrame, rows: int = 1, sharey: bool | str = True
) -> tuple[Figure, np.ndarray]:
    """A figure with a row of panels, one for each optimizer, titled and with the study's name."""
    optimizers = summary["optimizer"].unique()
    figure = Figure(figsize=(max(WIDTH, PANEL * len(optimizers)), HEIGHT * rows + 0.4))
    axes = figure.subplots(rows, len(optimizers), sharex="col", sharey=sharey, squeeze=False)
    for column, optimizer in zip(axes.T, optimizers, strict=True):
        column[0].set_title(optimizer)
    name_study(figure, summary)
    return figure, axes


def each_optimizer(
    row: np.ndarray, traces: pd.DataFrame, summary: pd.DataFrame
) -> Iterator[tuple[Axes, pd.DataFrame, pd.DataFrame]]:
    """A panel of the row for each optimizer, with its traces and its part of the summary."""
    for axes, (optimizer, runs) in zip(row, summary.groupby("optimizer", sort=False), strict=True):
        yield axes, traces[traces["optimizer"] == optimizer], runs


def curves(
    axes: Axes, traces: pd.DataFrame, summary: pd.DataFrame, x: str, y: str, legend: bool = True
) -> None:
    """Median and 10-90 % band over seeds of y against x, for every step size of one optimizer."""
    colours = step_size_colours(summary["step_size"])
    for step_size, status in sorted(
        zip(summary["step_size"], summary["status"].map(of_most), strict=True)
    ):
        of_run = over_seeds(traces[traces["step_size"] == step_size], [x], y)
        low, median, high = of_run["low"], of_run["median"], of_run["high"]
        label = step_size_text(step_size) + (f" ({status})" if status in MARKED else "")
        axes.plot(
            median.index,
            median,
            color=colours[step_size],
            linestyle=MARKED.get(status, "-"),
            marker="." if len(median) < 3 else None,
            label=label,
        )
        axes.fill_between(
            median.index, low, high, color=colours[step_size], alpha=BAND, linewidth=0
        )
    if legend:
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(
            handles[::-1],
            labels[::-1],
            title="step size α",
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
        )


def distances(traces: pd.DataFrame, summary: pd.DataFrame, prefix: str, target: str) -> Figure:
    """A row for each parameter p: the column <prefix>p, ‖p_t - p<target>‖, against epochs."""
    parameters = [c.removeprefix(prefix) for c in traces.columns if c.startswith(prefix)]
    figure, rows = panels(summary, len(parameters), sharey="row")
    for parameter, row in zip(parameters, rows, strict=True):
        column = f"{prefix}{parameter}"
        low, high = _frame(traces, summary, column)
        within = traces.assign(**{column: traces[column].clip(upper=high)})
        for axes, own, runs in each_optimizer(row, within, summary):
            curves(axes, own, runs, "epoch", column, legend=parameter == parameters[0])
            axes.set_yscale("log")
            axes.set_ylim(low, high)
        symbol = rf"\mathrm{{{parameter}}}" if len(parameter) > 1 else parameter
        row[0].set_ylabel(rf"$\Vert {symbol}_t - {symbol}{target} \Vert$")
    for axes in rows[-1]:
        axes.set_xlabel("epochs")
    return figure


def _frame(traces: pd.DataFrame, summary: pd.DataFrame, column: str) -> tuple:
    """Limits of a logarithmic axis that neither runs which diverged nor tiny distances stretch."""
    diverged = summary.loc[summary["status"].map(of_most) == "diverged", ["optimizer", "step_size"]]
    keys = pd.MultiIndex.from_frame(traces[["optimizer", "step_size"]])
    values = traces.loc[~keys.isin(pd.MultiIndex.from_frame(diverged)), column]
    values = values[(values > 0) & np.isfinite(values)]
    if values.empty:
        return None, None
    return max(values.min() / 2, DEPTH * values.max()), 5 * values.max()
