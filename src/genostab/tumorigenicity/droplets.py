"""Residual iPSC by droplet digital PCR: copies per cell, and a cell fraction only over a calibration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from genostab import units
from genostab.arrays import DropletCounts
from genostab.errors import InputError
from genostab.results import Control, Estimate, Measurement
from genostab.tumorigenicity import counts
from genostab.tumorigenicity.defaults import load_defaults
from genostab.tumorigenicity.lod import published_lod
from genostab.tumorigenicity.refusals import Rule, refuse


@dataclass(frozen=True, kw_only=True)
class _Pool:
    """Wells of one role taken together; `cells` are cell equivalents per well."""

    n_wells: int
    positive: int
    accepted: int
    fewest_accepted: int
    cells: float


@dataclass(frozen=True, kw_only=True)
class _Rate:
    """Copies per droplet with its limits."""

    point: float
    low: float
    high: float

    def over(self, divisor: float) -> _Rate:
        return _Rate(point=self.point / divisor, low=self.low / divisor, high=self.high / divisor)


def residual_from_droplets(
    assay: str,
    droplets: DropletCounts,
    *,
    target: str | None = None,
    lysed_cells: float | None = None,
    assay_lod: float | None = None,
    level: float = 0.95,
    source: str,
) -> Measurement:
    """Frequency of residual iPSC from droplet counts of sample, background and iPSC control wells.

    Parameters
    ----------
    assay : str, name as in defaults.yaml, e.g. ``ddpcr-lin28``
    droplets : DropletCounts; wells of one role are replicates with the same cells and the same droplet volume.
        ``negative_control`` is the product type without iPSC, ``positive_control`` pure iPSC of known number
    target : str or None, which target of the file; None where it holds one
    lysed_cells : float or None, cells behind the RNA or DNA of all sample wells; None takes the cell equivalents
    assay_lod : float or None, the laboratory's validated LOD [fraction of cells]; None takes the published one
    level : float, coverage, 0..1
    source : str, file or sheet line

    Returns
    -------
    Measurement
        ``residual.<assay>.frequency``. Without positive-control wells status not_computed: copies per cell then stand
        in the facts, and no cell fraction is guessed. Saturated or missing signal: invalid.

    Raises
    ------
    InputError
        GS-2401 where the wells cannot be used together.
    GenostabErrors
        GS-1104 where an option is out of range.

    Notes
    -----
    Copies per droplet -ln(1 - k/n), limits from the exact binomial limits of k/n. Background (negative control scaled
    by cells, else no-template) is subtracted with the MOVER limits of a difference (Donner and Zou 2012, doi
    10.1177/0962280210374672), never below the bound of zero positives. Frequency = net copies per cell of the sample
    over net copies per cell of the iPSC control, limits over limits at their worst; the sampled cells are then counted
    once more as a Poisson sample of N cells. assays.md section 4.
    """
    lod = published_lod(assay, assay_lod)
    refuse(_option_rules(lysed_cells, assay_lod, level), where=f"residual assay {assay}")
    pools = _pools(droplets, target, source)
    controls = _run_controls(pools)
    if any(pool.positive == pool.accepted for pool in pools.values()):
        return _without_number(
            assay, level, controls, {}, source, "invalid", "all droplets of a role are positive"
        )
    controls += _background_control(pools, level)
    facts = _facts(pools, float(droplets.droplet_volume_nl[0]), level)
    if "positive_control" not in pools:
        why = "no positive-control wells of known iPSC number: copies per cell cannot be turned into a cell fraction"
        return _without_number(assay, level, controls, facts, source, "not_computed", why)
    per_ipsc = _net(pools, "positive_control", (1.0 + level) / 2.0).over(pools["positive_control"].cells)
    if per_ipsc.low <= 0.0:
        why = "the iPSC control is not above its background"
        return _without_number(assay, level, controls, facts, source, "invalid", why)
    cells = lysed_cells if lysed_cells is not None else pools["sample"].cells * pools["sample"].n_wells
    statistical_lod = _statistical_lod(pools, per_ipsc.low, cells, level)
    facts |= {"statistical_lod": statistical_lod}
    facts |= {"assay_lod": lod.fraction} if lod.fraction is not None else {}
    return Measurement(
        metric=f"residual.{assay}.frequency",
        estimate=_cell_fraction(pools, per_ipsc, cells, max(statistical_lod, lod.fraction or 0.0), level),
        controls=controls,
        facts=facts,
        source=source,
        note=f"{lod.note}; statistical LOD {statistical_lod:.3g}; {_background_note(pools)}; "
        f"{cells:g} {'lysed cells' if lysed_cells is not None else 'cell equivalents'} sampled",
    )


def _cell_fraction(
    pools: dict[str, _Pool], per_ipsc: _Rate, cells: float, lod: float, level: float
) -> Estimate:
    """Net copies per cell over copies per iPSC, limits over limits, then the cells as a Poisson sample."""
    detected = _net(pools, "sample", level).low > 0.0
    side = (1.0 + level) / 2.0 if detected else level
    net = _net(pools, "sample", side).over(pools["sample"].cells)
    low = counts.poisson_lower(net.low / per_ipsc.high * cells, side) / cells
    high = counts.poisson_upper(net.high / per_ipsc.low * cells, side) / cells
    return Estimate(
        estimate=min(net.point / per_ipsc.point, 1.0) if detected else None,
        low=min(low, 1.0) if detected else None,
        high=min(high, 1.0),
        unit=units.FRACTION,
        level=level,
        method=f"droplet Poisson over iPSC control, {'two-sided' if detected else 'one-sided upper'}",
        n=math.floor(cells),
        status="measured" if detected else "not_detected",
        lod=min(lod, 1.0),
    )


def _pools(droplets: DropletCounts, target: str | None, source: str) -> dict[str, _Pool]:
    """Wells by role; refuses what cannot be pooled."""
    targets = sorted(set(droplets.target))
    chosen = target if target is not None else (targets[0] if len(targets) == 1 else None)
    if chosen is None or chosen not in targets:
        raise _refusal(
            source, f"targets {', '.join(targets) or 'none'}", "one target, or the name of one of them"
        )
    if np.unique(droplets.droplet_volume_nl).size != 1 or not droplets.droplet_volume_nl[0] > 0.0:
        raise _refusal(source, "several droplet volumes, or none", "one droplet volume above 0 nL")
    pools = {}
    for role in sorted(set(droplets.role)):
        wells = [
            i
            for i, key in enumerate(zip(droplets.role, droplets.target, strict=True))
            if key == (role, chosen)
        ]
        if wells:
            pools[role] = _pool(droplets, wells, role, source)
    if "sample" not in pools:
        raise _refusal(source, "no sample well", "at least one well with the role sample")
    return pools


def _pool(droplets: DropletCounts, wells: list[int], role: str, source: str) -> _Pool:
    accepted, positive = droplets.accepted[wells], droplets.positive[wells]
    cells = droplets.cells[wells]
    if np.any(accepted <= 0) or np.any(positive < 0) or np.any(positive > accepted):
        raise _refusal(
            source, f"{role} wells with impossible droplet counts", "0 <= positive <= accepted, accepted > 0"
        )
    if role != "no_template" and (np.unique(cells).size != 1 or not cells[0] > 0.0):
        raise _refusal(
            source, f"{role} wells with different or no cells", "the same cells above 0 in all of them"
        )
    return _Pool(
        n_wells=len(wells),
        positive=int(positive.sum()),
        accepted=int(accepted.sum()),
        fewest_accepted=int(accepted.min()),
        cells=float(cells[0]),
    )


def _refusal(source: str, found: str, expected: str) -> InputError:
    return InputError(
        "GS-2401",
        what="the droplet wells cannot be used together",
        where=source,
        found=found,
        expected=expected,
        action="correct the layout of the plate",
    )


def _rate(pool: _Pool, side: float) -> _Rate:
    """Copies per droplet with one-sided limits at confidence `side` each."""
    low, high = counts.binomial_interval(pool.positive, pool.accepted, 2.0 * side - 1.0)
    point = pool.positive / pool.accepted
    return _Rate(point=-math.log1p(-point), low=-math.log1p(-low), high=-math.log1p(-high))


def _background(pools: dict[str, _Pool], role: str, side: float) -> _Rate:
    """What the wells of `role` would show without iPSC."""
    if role == "sample" and "negative_control" in pools:
        negative = pools["negative_control"]
        return _rate(negative, side).over(negative.cells / pools[role].cells)
    if "no_template" in pools:
        return _rate(pools["no_template"], side)
    return _Rate(point=0.0, low=0.0, high=0.0)


def _net(pools: dict[str, _Pool], role: str, side: float) -> _Rate:
    """Copies per droplet above background, MOVER limits at confidence `side` each."""
    gross, background = _rate(pools[role], side), _background(pools, role, side)
    net = gross.point - background.point
    down = math.hypot(gross.point - gross.low, background.high - background.point)
    up = math.hypot(gross.high - gross.point, background.point - background.low)
    floor = counts.poisson_upper(0, side) / pools[role].accepted
    return _Rate(point=net, low=max(net - down, 0.0), high=max(net + up, floor))


def _statistical_lod(pools: dict[str, _Pool], copies_per_ipsc: float, cells: float, level: float) -> float:
    """The larger of what the droplets and what the number of cells could have shown."""
    sample = pools["sample"]
    background = _background(pools, "sample", level).point * sample.accepted
    by_droplets = counts.signal_lod(background, level) / sample.accepted / sample.cells / copies_per_ipsc
    return max(by_droplets, counts.signal_lod(0.0, level) / cells)


def _run_controls(pools: dict[str, _Pool]) -> tuple[Control, ...]:
    gates = load_defaults().droplets
    fewest = min(pool.fewest_accepted for pool in pools.values())
    fullest = max(pool.positive / pool.accepted for pool in pools.values())
    copies = -math.log1p(-fullest) if fullest < 1.0 else math.inf
    return (
        Control(
            name="accepted droplets",
            passed=fewest >= gates.minimum_accepted,
            detail=f"{fewest} in the poorest well, at least {gates.minimum_accepted}",
        ),
        Control(
            name="saturation",
            passed=copies <= gates.maximum_copies_per_droplet,
            detail=f"{copies:.3g} copies per droplet, at most {gates.maximum_copies_per_droplet:g}",
        ),
    )


def _background_control(pools: dict[str, _Pool], level: float) -> tuple[Control, ...]:
    """Whether the sample is not clearly below its background; without background wells there is nothing to say."""
    side = (1.0 + level) / 2.0
    sample, background = _rate(pools["sample"], side), _background(pools, "sample", side)
    if background.high == 0.0:
        return ()
    return (
        Control(
            name="background",
            passed=sample.high >= background.low,
            detail=f"{sample.point:.3g} copies per droplet over a background of {background.point:.3g}",
        ),
    )


def _facts(pools: dict[str, _Pool], volume_nl: float, level: float) -> dict[str, float]:
    reaction_ul = load_defaults().droplets.reaction_volume_ul
    ul = volume_nl * 1e-3
    side = (1.0 + level) / 2.0
    gross = _rate(pools["sample"], side).over(ul)
    per_reaction = _net(pools, "sample", side).over(ul / reaction_ul)
    per_cell = per_reaction.over(pools["sample"].cells)
    return {
        "copies_per_ul": gross.point,
        "copies_per_ul_low": gross.low,
        "copies_per_ul_high": gross.high,
        "background_copies_per_ul": _background(pools, "sample", level).point / ul,
        "net_copies_per_reaction": per_reaction.point,
        "copies_per_cell": per_cell.point,
        "copies_per_cell_low": per_cell.low,
        "copies_per_cell_high": per_cell.high,
    }


def _background_note(pools: dict[str, _Pool]) -> str:
    if "negative_control" in pools:
        return "negative-control background subtracted"
    return (
        "no-template background subtracted"
        if "no_template" in pools
        else "no background wells: none subtracted"
    )


def _without_number(
    assay: str,
    level: float,
    controls: tuple[Control, ...],
    facts: dict[str, float],
    source: str,
    status: Literal["invalid", "not_computed"],
    why: str,
) -> Measurement:
    return Measurement(
        metric=f"residual.{assay}.frequency",
        estimate=Estimate(
            estimate=None,
            low=None,
            high=None,
            unit=units.FRACTION,
            level=level,
            method="none",
            n=0,
            status=status,
        ),
        controls=controls,
        facts=facts,
        source=source,
        note=why,
    )


def _option_rules(lysed_cells: float | None, assay_lod: float | None, level: float) -> tuple[Rule, ...]:
    cells = 1.0 if lysed_cells is None else lysed_cells
    stated = 1.0 if assay_lod is None else assay_lod
    return (
        Rule(name="lysed_cells", value=cells, holds=cells > 0.0, expected="a number of cells above 0"),
        Rule(
            name="lod", value=stated, holds=0.0 < stated <= 1.0, expected="a fraction above 0 and at most 1"
        ),
        Rule(name="level", value=level, holds=0.0 < level < 1.0, expected="a coverage between 0 and 1"),
    )
