"""How a counts file begins, apart from its reader, so that a look at a file loads nothing heavy."""

from __future__ import annotations

MAGIC = "#genostab-counts 2"


def is_counts_text(head: str) -> bool:
    """Whether a text begins as a counts file of any version does.

    Examples
    --------
    >>> is_counts_text("#genostab-counts 1"), is_counts_text("chrom,start")
    (True, False)
    """
    return head.startswith(MAGIC.rpartition(" ")[0])
