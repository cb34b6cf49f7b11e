"""Draws figures of made-up studies, and says what is in them."""

import made_up
import matplotlib.text
import pandas as pd

from descent.figures import FIGURES
from descent.plugins import plugin
from descent.theory.known import Known

OF_TABLES = [name for name, figure in FIGURES.items() if figure.reads != "iterates"]


def drawn_of(figure: str, traces: pd.DataFrame, summary=None, known: Known | None = None):
    """A figure of a study, with what it reads beside the tables."""
    if figure in ("optimum_distance", "prediction", "floor") and "excess" not in traces:
        traces = traces.assign(excess=traces["objective"])
    if figure == "curvature" and "curvature" not in traces:
        curvature = (2 + traces["seed"] + traces["step"]).where(traces["batch_size"] == "full")
        traces = traces.assign(curvature=curvature, curvature_error=curvature / 10)
    reads = [traces, made_up.summary(traces) if summary is None else summary]
    if FIGURES[figure].reads == "theory":
        reads.append(known or made_up.known_of(traces))
    return plugin("figures", figure).draw(*reads)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]


def panels_of(figure) -> list:
    """The panels, without the bar of colours."""
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
