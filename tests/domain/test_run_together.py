"""Steps are all tried; their refusals come together, in order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genostab.errors import GenostabError, GenostabErrors, InputError, UsageError
from genostab.run.together import together


def refusing(kind: type[GenostabError], *names: str) -> Callable[[], int]:
    errors = [kind("GS-2202", what=n, where="w", found="f", expected="e", action="a") for n in names]

    def step() -> int:
        raise errors[0] if len(errors) == 1 else GenostabErrors(errors)

    return step


def test_every_step_is_tried_and_every_refusal_kept() -> None:
    tried: list[int] = []
    with pytest.raises(GenostabErrors) as caught:
        together(
            [
                refusing(UsageError, "a"),
                lambda: tried.append(1),
                refusing(InputError, "b", "c"),
                lambda: tried.append(2),
            ]
        )
    assert tried == [1, 2]
    assert [error.what for error in caught.value.errors] == ["a", "b", "c"]
    assert caught.value.exit_code == 3


def test_a_bug_in_a_step_is_no_refusal() -> None:
    with pytest.raises(ZeroDivisionError):
        together([refusing(InputError, "a"), lambda: 1 // 0])
