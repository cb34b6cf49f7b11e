"""How far each parameter still is from where it ends: the distance to the last iterate, ‖A_t - A_T‖
and ‖b_t - b_T‖ in the Frobenius norm, against epochs.

The axis of the distance is logarithmic; the last point, where the distance is zero by definition,
is left out, so a curve that dives at the right end shows only that its end is its own yardstick.
A line is the median over seeds, its band reaches from the 10 % to the 90 % quantile; colour is
the step size, dark small to light large within each optimizer. A dotted line is a run that
diverged, drawn along the upper edge where it lies above it; a dashed one a run whose objective
oscillates at the end. Distances below a millionth of the largest are left out.
"""

import pandas as pd
from matplotlib.figure import Figure

from descent.figures._curves import distances

NEEDS = ()
PLACE = 7


def draw(traces: pd.DataFrame, summary: pd.DataFrame) -> Figure:
    last = traces.groupby("optimizer")["step"].transform("max")
    return distances(traces[traces["step"] < last], summary, "distance_", "_T")
