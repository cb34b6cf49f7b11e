"""What compiled engines and evaluators share. numba is imported nowhere else."""
