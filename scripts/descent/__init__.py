"""Library of the pipeline: gradient descent with a fixed step size.

Every process that imports this package computes on one thread. Matrix products round differently on
one thread and on two, so results would otherwise depend on the number of cores. The other variables
override a user's settings of numba and matplotlib. Libraries read these variables when they are
imported, so this package must be imported before them.
"""

import os

os.environ |= {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMBA_DISABLE_JIT": "0",
    "MPLBACKEND": "agg",
}
