"""The one place that imports numba.njit: cache policy and flags for every kernel.

The compiled cache is used where numba finds a place to write it; in a read-only install with a read-only home
numba refuses at decoration, and the kernel is then compiled in each process instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` in nopython mode, without the GIL, with NumPy's division rules and without fastmath."""
    options: dict[str, Any] = {"error_model": "numpy", "nogil": True}
    try:
        return njit(cache=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return njit(cache=False, **options)(function)  # type: ignore[no-any-return]
