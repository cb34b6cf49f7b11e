"""Quantities computed before training: the minimiser, curvatures, limits of the step size, and the
expected suboptimality of a run.

objective.py     the objective of a model with scores A x + b, and its Hessian at a point
minimiser.py     the minimiser, by Newton's method, with a certificate
spectrum.py      eigenvalues of the Hessian, and the spectral measures of vectors
stability.py     the step size up to which the second moments of the iterates stay bounded
linear_rules.py  paths and limits of momentum and other linear update rules
schedules.py     the effect of a schedule on the best step size
expected.py      the expected suboptimality, step by step
scope.py         the studies that have a theory, and the objectives that have a minimiser
study.py         the theory of a study
results.py       theory.json and expected.csv, which store it
"""
