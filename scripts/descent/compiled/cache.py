"""How numba compiles: kernels once for each state of the sources, what they call into them.

In both, a product and a sum may become one instruction that rounds once (fma), as in z + x * row.
"""

import hashlib
import pickle
from contextlib import suppress
from types import FunctionType

import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.dispatcher import Dispatcher
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from descent.compiled.sources import keep, kept

_OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}

inlined = numba.njit(forceinline=True, **_OPTIONS)


def kernel(function: FunctionType) -> Dispatcher:
    """Compile a function of the files that descent.compiled.sources looks at."""
    dispatcher = numba.njit(**_OPTIONS)(function)
    dispatcher._cache = _Cache(function)
    return dispatcher


class _Cache(NullCache):
    """numba's cache of a kernel, with one checked file for each signature and processor.

    numba's own believes a damaged file, and where its folder cannot be written it takes another,
    whose kernels may be of other sources. Made of internals of numba, which requirements.lock pins.
    """

    def __init__(self, function: FunctionType) -> None:
        self._name = f"{function.__module__}.{function.__qualname__}"

    def load_overload(self, signature, target):
        """The kernel that was compiled for a signature; None where it has to be compiled."""
        # what compiled code calls; not target.refresh(), half a second for what compiles
        rtsys.initialize(target)
        if content := kept(self._file(signature, target.codegen())):
            with suppress(Exception):  # whatever it is, compiling anew helps
                return CompileResult._rebuild(target, *pickle.loads(content))
        return None

    def save_overload(self, signature, result):
        """Keep what was compiled, unless it holds addresses of this process."""
        if not result.library.has_dynamic_globals:
            keep(self._file(signature, result.codegen), dumps(result._reduce()))

    def _file(self, signature, codegen) -> str:
        key = repr((signature, codegen.magic_tuple()))
        return f"{self._name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
