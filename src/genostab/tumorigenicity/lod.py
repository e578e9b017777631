"""Which detection limit holds for an assay of residual iPSC."""

from __future__ import annotations

from dataclasses import dataclass

from genostab.tumorigenicity.defaults import load_defaults


@dataclass(frozen=True, kw_only=True)
class PublishedLod:
    """Detection limit of an assay by name; `fraction` is None where none is known, `note` says whose it is."""

    fraction: float | None
    detects_ipsc: bool
    note: str


def published_lod(assay: str, stated: float | None) -> PublishedLod:
    """Detection limit that holds for an assay: the laboratory's own, else the published one.

    Parameters
    ----------
    assay : str, name as in defaults.yaml, e.g. ``flow-tra160``
    stated : float or None, the laboratory's validated limit, fraction of cells

    Returns
    -------
    PublishedLod
    """
    known = load_defaults().assays.get(assay)
    detects = known is None or known.detects_ipsc
    if stated is not None:
        return PublishedLod(
            fraction=stated, detects_ipsc=detects, note=f"assay LOD {stated:g} as stated by the laboratory"
        )
    if known is None or known.lod_fraction is None:
        return PublishedLod(
            fraction=None,
            detects_ipsc=detects,
            note="no published LOD known for this assay: statistical LOD only",
        )
    note = f"published LOD {known.lod_fraction:g} in {known.matrix} ({known.source}), not qualified in this product"
    return PublishedLod(fraction=known.lod_fraction, detects_ipsc=detects, note=note)
