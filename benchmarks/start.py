"""What a contender takes before its first step. Prints JSON.

Run in a process of its own: python benchmarks/start.py CONTENDER DATA
"""

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import descent  # noqa: F401  one thread, before NumPy and torch are loaded

# isort: split
from contenders import SGD, Problem, load, timed

IMPORTS = {
    "this project, numba": "descent.engines.numba",
    "this project, torch": "descent.engines.torch",
    "torch": "torch",
    "JAX": "jax",
    "scikit-learn": "sklearn.linear_model",
}


def main() -> None:
    """Import, set up, and make the steps twice, of which only the first compiles."""
    _, name, data = sys.argv
    contender, count = SGD[name]
    imported = [module for prefix, module in IMPORTS.items() if name.startswith(prefix)]
    with tempfile.TemporaryDirectory() as empty:

        def imports() -> None:
            if imported == ["descent.engines.numba"]:
                sources = import_module("descent.compiled.sources")
                sources.folder = lambda: Path(empty)
            for module in imported:
                import_module(module)

        imports_s = timed(imports)
        _, x, y = load(Path(data))
        problem = Problem("softmax_regression", 1, x, y)
        first = timed(lambda: contender(problem)(count))
        second = contender(problem)(count)
    print(json.dumps({"imports_s": imports_s, "setup_and_compilation_s": first - second}))


if __name__ == "__main__":
    main()
