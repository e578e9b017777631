"""Several steps, and all of their refusals at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from genostab.errors import GenostabError, GenostabErrors

T = TypeVar("T")


def together(steps: Iterable[Callable[[], T]]) -> list[T]:
    """What every step gives, in order; a step that refuses does not keep the others from being tried.

    Raises
    ------
    GenostabErrors
        The refusals of all steps, in order.

    Examples
    --------
    >>> together([lambda: 1, lambda: 2])
    [1, 2]
    """
    given: list[T] = []
    refused: list[GenostabError] = []
    for step in steps:
        try:
            given.append(step())
        except GenostabErrors as several:
            refused += several.errors
        except GenostabError as one:
            refused.append(one)
    if refused:
        raise GenostabErrors(refused)
    return given
