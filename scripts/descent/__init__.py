"""Gradient descent with a fixed step size: the mathematics of the study.

One core a job: matrix products round differently on one thread and on two, so every process that
imports this package computes on one thread, and the bytes it writes do not depend on how many jobs
run beside it. The variables are read when NumPy or torch loads its linear algebra, which is why
this package is imported before them.
"""

import os

for threads in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ[threads] = "1"
