"""STR identity: share of alleles that two profiles have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from genostab.assays.settings import load_rules, rule
from genostab.results import Control, Estimate
from genostab.units import FRACTION

Profile = Mapping[str, Sequence[str]]
Formula = Literal["tanabe", "masters_query", "masters_reference"]
_AMELOGENIN = frozenset({"amel", "amelogenin"})


def str_match(query: Profile, reference: Profile, formula: Formula = "tanabe") -> Estimate:
    """Share of STR alleles in common, over the loci that both profiles have.

    Parameters
    ----------
    query, reference : locus -> alleles as text (``9.3``); a homozygote may be written once or twice
    formula : "tanabe", "masters_query" or "masters_reference"

    Returns
    -------
    Estimate, fraction
        without interval: alleles are read, not sampled; n is the number of loci; not_computed where none is shared

    Notes
    -----
    Tanabe 2 s / (n_q + n_r), Masters s / n_q or s / n_r, with s shared alleles; a homozygote counts once,
    amelogenin not at all (research assays.md section 6).

    Examples
    --------
    >>> str_match({"TH01": ["6", "9.3"]}, {"TH01": ["6", "6"]}).estimate
    0.6666666666666666
    """
    theirs = {locus.casefold(): set(alleles) for locus, alleles in reference.items() if alleles}
    pairs = [
        (set(alleles), theirs[locus.casefold()])
        for locus, alleles in query.items()
        if alleles and locus.casefold() in theirs and locus.casefold() not in _AMELOGENIN
    ]
    shared = sum(len(ours & other) for ours, other in pairs)
    n_query = sum(len(ours) for ours, _ in pairs)
    n_reference = sum(len(other) for _, other in pairs)
    ratio = {
        "tanabe": (2 * shared, n_query + n_reference),
        "masters_query": (shared, n_query),
        "masters_reference": (shared, n_reference),
    }[formula]
    return Estimate(
        estimate=ratio[0] / ratio[1] if pairs else None,
        low=None,
        high=None,
        unit=FRACTION,
        level=1.0,
        method=f"STR match, {formula.replace('_', ' ')}, {shared} of {n_query} and {n_reference} alleles shared",
        n=len(pairs),
        status="measured" if pairs else "not_computed",
    )


def mixture_control(profile: Profile) -> Control:
    """Control that fails where many loci have more than two alleles: a mixture of lines."""
    many = sorted(locus for locus, alleles in profile.items() if len(set(alleles)) > 2)
    limit = int(rule("identity.mixture_loci_max"))
    return Control(
        name="identity.one_line",
        passed=len(many) <= limit,
        detail=f"{len(many)} loci with more than 2 alleles ({', '.join(many) or 'none'}), limit {limit} "
        f"({load_rules()['identity.mixture_loci_max'].source})",
    )
