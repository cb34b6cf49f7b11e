"""How far each parameter is from the optimum, the minimiser of the objective in closed form: ‖A_t -
A*‖ and ‖b_t - b*‖ in the Frobenius norm, against epochs.

The axis of the distance is logarithmic: a straight line is linear convergence, by the same factor
in every epoch. A line is the median over seeds, its band reaches from the 10 % to the 90 %
quantile; colour is the step size, dark small to light large within each optimizer. A dotted line
is a run that diverged, drawn along the upper edge where it lies above it; a dashed one a run
whose objective oscillates at the end. Distances below a millionth of the largest are left out.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import distances

NEEDS = ("optimum",)
PLACE = 8


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    return distances(traces, summary, "optimum_distance_", r"^\star")
