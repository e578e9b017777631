"""How a panel begins, apart from its reader, so that a look at a file loads nothing heavy."""

from __future__ import annotations

MAGIC = "#genostab-panel 1"


def is_panel_text(head: str) -> bool:
    """Whether a text begins as a panel of any version does.

    Examples
    --------
    >>> is_panel_text("#genostab-panel 1"), is_panel_text("#genostab-counts 1")
    (True, False)
    """
    return head.startswith(MAGIC.rpartition(" ")[0])
