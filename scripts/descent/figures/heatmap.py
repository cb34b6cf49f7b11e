"""Final test accuracy of every optimizer and step size: the number is the median over seeds, and so
is the colour. A word in a cell says how a run ended that did not converge or descend. An empty cell
is a step size that the optimizer was not run with.
"""

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from descent.figures._style import MARKED, WIDTH, name_study, step_size_text
from descent.status import of_most

NEEDS = ("classification",)
PLACE = 2
CELL = 0.75  # inches, which hold the longest word


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    cells = summary.pivot(index="optimizer", columns="step_size")
    cells = cells.reindex(summary["optimizer"].unique())
    accuracy, status = (
        cells["final_test_accuracy_median"],
        cells["status"].map(of_most, na_action="ignore"),
    )
    rows, columns = accuracy.shape
    figure = Figure(figsize=(max(WIDTH, CELL * columns + 1.5), 1.3 + 0.6 * rows))
    axes = figure.subplots()
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="white")
    image = axes.imshow(np.ma.masked_invalid(accuracy), cmap=colours, aspect="auto")
    for row, column in np.argwhere(status.notna().to_numpy()):
        value, ended = accuracy.iloc[row, column], status.iloc[row, column]
        axes.text(
            column,
            row,
            f"{value:.3f}" + (f"\n{ended}" if ended in MARKED else ""),
            ha="center",
            va="center",
            fontsize=7.5,
            color="white" if image.norm(value) <= 0.5 else "black",
        )
    axes.set_xticks(range(columns), [step_size_text(step_size) for step_size in accuracy.columns])
    axes.set_yticks(range(rows), accuracy.index)
    axes.set_xlabel("step size α")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for edge in range(1, rows):
        axes.axhline(edge - 0.5, color="white", linewidth=2)
    for edge in range(1, columns):
        axes.axvline(edge - 0.5, color="white", linewidth=2)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, label="final test accuracy")
    name_study(figure, summary, shown=f"median of {summary['seeds'].max()} seeds")
    return figure
