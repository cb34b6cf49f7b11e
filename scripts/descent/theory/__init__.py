"""What can be computed before training: the minimiser, curvatures, limits of the step size, and how
far from the minimiser a run is expected to end.

objective.py     the objective of a model with scores A x + b, and its Hessian at a point
minimiser.py     where its gradient vanishes, with a certificate
spectrum.py      eigenvalues of the Hessian, and how vectors lie over them
stability.py     up to which step size the second moments of the iterates stay bounded
linear_rules.py  paths and limits of momentum and other linear update rules
schedules.py     what a schedule does to the best step size
expected.py      the expected suboptimality, step by step
study.py         all of it for a study
results.py       theory.json and expected.csv, which hold it
"""
