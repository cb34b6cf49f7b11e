"""scikit-learn on CSR. It draws the samples itself, and sag and saga choose the step size."""

import warnings

import numpy as np
from problem import CLASSES, STEP_SIZE, Made, Problem, Steps, timed
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier


def sgd_classifier(problem: Problem) -> Steps:
    """SGDClassifier: ten one-against-all problems, so ten binary updates a step."""
    x, n = _csr(problem.x), len(problem.y)
    classes = np.arange(CLASSES)

    def steps(count: int) -> Made:
        model = SGDClassifier(
            loss="log_loss", alpha=0, learning_rate="constant", eta0=STEP_SIZE, random_state=0
        )
        epochs = range(count // n)
        return Made(timed(lambda: [model.partial_fit(x, problem.y, classes) for _ in epochs]))

    return steps


def logistic_regression(problem: Problem, solver: str) -> Steps:
    """LogisticRegression by "sag" or "saga": one multinomial step a sample, without a penalty.

    What `fit` does around the steps is preparation: a fit without steps takes it.
    """
    x, n = _csr(problem.x), len(problem.y)

    def fit(epochs: int) -> float:
        model = LogisticRegression(C=np.inf, solver=solver, max_iter=epochs, tol=0, random_state=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return timed(lambda: model.fit(x, problem.y))

    around = fit(0)
    return lambda count: Made(fit(count // n) - around)


def _csr(x: np.ndarray) -> csr_array:
    matrix = csr_array(x)
    matrix.indices, matrix.indptr = (
        part.astype(np.int32) for part in (matrix.indices, matrix.indptr)
    )
    return matrix
