"""How numba compiles: kernels once for each state of the sources, what they call into them.

In both, a product and a sum may become one instruction that rounds once (fma), as in z + x * row.
"""

import numba

from descent.compiled.sources import folder

numba.config.CACHE_DIR = str(folder())

_OPTIONS = {"error_model": "numpy", "fastmath": {"contract"}}

kernel = numba.njit(cache=True, **_OPTIONS)
inlined = numba.njit(forceinline=True, **_OPTIONS)
