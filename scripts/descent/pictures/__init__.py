"""What the explorer shows of the iterates of runs; a file a picture, found by its name.

A file defines, beside the constants that descent/ability.py declares,

    show(runs, data) -> words, columns

words, as JSON can say them, and columns of numbers (descent/explorer/packed.py), for the function
of report/explorer/ that draws them. Of several seeds the first is shown.
"""

from typing import Any

from numpy.typing import NDArray

Words, Columns = dict[str, Any], dict[str, NDArray]
