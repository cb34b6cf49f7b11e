"""Kernels of the compiled engine and evaluator; numba is imported nowhere else."""
