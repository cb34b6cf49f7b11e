"""Gradient descent with a fixed step size: the mathematics of the study.

One core a job: matrix products round differently on one thread and on two, so every process that
imports this package computes on one thread, and the bytes it writes do not depend on how many jobs
run beside it. Nor do results depend on how a user has set up numba and matplotlib for other work.
Libraries read the variables when they are loaded, which is why this package is imported first.
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
