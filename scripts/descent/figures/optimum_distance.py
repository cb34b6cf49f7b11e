"""How far each parameter is from the optimum, the minimiser of the objective: ‖A_t - A*‖ and
‖b_t - b*‖ in the Frobenius norm, against epochs.

The axis of the distance is logarithmic: a straight line is linear convergence, by the same
factor in every epoch. Averages of the iterates, <optimizer>_average, begin where averaging does.
A line is the median over seeds; beside it, thin, is each seed where they are fewer than ten,
else the 10 % and the 90 % quantile. Colour is the step size, the same in every panel. A line is
dotted where most seeds of a run diverged, dashed where their objective oscillates, dash-dotted
where it gained nothing; a cross marks where a median is no longer finite, a triangle where a run
that diverged leaves the frame. What is below a hundred-millionth of the largest distance is left
out.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import Quantity, norm, panels_of_curves, parameters


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    quantities = [
        Quantity(f"optimum_distance_{p}", norm(p, "_t", r"^\star"))
        for p in parameters(traces, "optimum_distance_")
    ]
    return panels_of_curves(traces, summary, "epoch", quantities)[0]
