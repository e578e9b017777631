"""Metaphases of a lot: normal fraction, clonal abnormalities, tetraploid fraction, and what was too rare to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from genostab.arrays import Metaphases
from genostab.assays.iscn_cell import Cell, IscnError, Kind, expand_clones, parse_cell
from genostab.assays.proportion import fraction_estimate, smallest_excluded_fraction
from genostab.assays.settings import load_rules, rule
from genostab.results import Control, Estimate, Measurement
from genostab.units import COUNT, FRACTION

G_BAND = "g_band"
_STAIN_NAMES = {G_BAND: "g_band", "giemsa_count": "giemsa"}
_SEXES = ("XX", "XY")


@dataclass(frozen=True, kw_only=True)
class ScoredCell:
    """One readable cell; `changes` are those against a normal cell of the line, constitutional ones left out."""

    name: str
    stain: str
    cell: Cell
    changes: tuple[tuple[str, Kind], ...]
    normal: bool


@dataclass(frozen=True, kw_only=True)
class ChangeFound:
    """One change, the G-banded cells that carry it, and whether they are enough to call it clonal."""

    change: str
    kind: Kind
    cells: tuple[str, ...]
    n_scored: int
    cells_needed: int
    clonal: bool


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """Metaphases as read: cells, those that could not be read with the reason, and the sex of the line."""

    cells: tuple[ScoredCell, ...]
    unreadable: tuple[str, ...]
    sex: str
    constitutional: tuple[str, ...]


def score_metaphases(metaphases: Metaphases) -> Scoring:
    """Every metaphase as a cell or as an unreadable one; ``[n]`` stands for n cells.

    Parameters
    ----------
    metaphases : Metaphases

    Returns
    -------
    Scoring
        sex is "XX" or "XY", the more frequent one of the near-diploid cells, "" where no cell tells
    """
    parsed: list[tuple[str, str, Cell]] = []
    unreadable = []
    for name, karyotype, stain in zip(metaphases.cell, metaphases.karyotype, metaphases.stain, strict=True):
        try:
            for text, n_cells in expand_clones(karyotype):
                cell = parse_cell(text, count_only=stain != G_BAND)
                parsed += [(name, stain, cell)] * n_cells
        except IscnError as error:
            unreadable.append(f"cell {name} ({karyotype}): {error}")
    sex = _sex_of_line([cell for _, _, cell in parsed])
    cells = tuple(_scored(name, stain, cell, sex) for name, stain, cell in parsed)
    constitutional = sorted(
        {item.name for _, _, cell in parsed for item in cell.changes if item.constitutional}
    )
    return Scoring(cells=cells, unreadable=tuple(unreadable), sex=sex, constitutional=tuple(constitutional))


def find_changes(scoring: Scoring) -> tuple[ChangeFound, ...]:
    """Changes of the G-banded cells, most frequent first, each clonal or not.

    Notes
    -----
    Clonal: the same structural change or the same gain in at least 2 cells, the same loss in at least 3 (ISCN;
    limits with their source in defaults.yaml). A cell counts once per change.
    """
    banded = [cell for cell in scoring.cells if cell.stain == G_BAND]
    carriers: dict[tuple[str, Kind], list[str]] = {}
    for cell in banded:
        for key in dict.fromkeys(cell.changes):
            carriers.setdefault(key, []).append(cell.name)
    found = []
    for (change, kind), names in carriers.items():
        needed = int(rule(f"metaphases.clonal_{kind}_cells"))
        found.append(
            ChangeFound(
                change=change,
                kind=kind,
                cells=tuple(names),
                n_scored=len(banded),
                cells_needed=needed,
                clonal=len(names) >= needed,
            )
        )
    return tuple(sorted(found, key=lambda item: (-len(item.cells), item.change)))


def assess_metaphases(metaphases: Metaphases, source: str) -> tuple[Measurement, ...]:
    """Measurements of the karyotype by metaphases: cells, normal fraction, clones, tetraploid fraction.

    Parameters
    ----------
    metaphases : Metaphases
    source : str, file that they came from

    Returns
    -------
    tuple of Measurement
        none for a stain without cells; a cell that cannot be read, a line of unknown sex and cells of both sexes
        are failed controls

    Notes
    -----
    Fractions have exact (Clopper-Pearson) intervals. Facts state the smallest share of cells with a change that
    would have shown enough cells with 95 % probability: ``cell_fraction_lod_one`` at least one cell,
    ``cell_fraction_lod_gain`` a clonal gain or structural change, ``cell_fraction_lod_loss`` a clonal loss,
    ``cell_fraction_lod`` the largest of them. Clones are sought in G-banded cells only: a count knows no
    chromosome.
    """
    scoring = score_metaphases(metaphases)
    controls = _controls(scoring)
    measurements = []
    for stain, short in _STAIN_NAMES.items():
        if stain in metaphases.stain:
            measurements += _of_stain(scoring, stain, short, controls, source)
    if G_BAND in metaphases.stain:
        measurements.append(_clones(scoring, controls, source))
    measurements.append(_tetraploid(scoring, controls, source))
    return tuple(measurements)


def _sex_of_line(cells: Sequence[Cell]) -> str:
    votes = Counter(cell.sex for cell in cells if cell.ploidy == 2 and cell.sex in _SEXES)
    return max(votes, key=lambda sex: votes[sex]) if votes else ""


def _scored(name: str, stain: str, cell: Cell, sex: str) -> ScoredCell:
    changes = [
        (item.name.removeprefix("+") if item.kind == "structural" else item.name, item.kind)
        for item in cell.changes
        if not item.constitutional
    ]
    changes += _sex_changes(cell, sex)
    # a banded number adds up (parse_cell), so without changes it is normal; a bare count has only its number
    complete = bool(cell.sex and sex) if cell.sex else cell.number == 46
    normal = cell.ploidy == 2 and complete and not changes
    return ScoredCell(name=name, stain=stain, cell=cell, changes=tuple(changes), normal=normal)


def _sex_changes(cell: Cell, sex: str) -> list[tuple[str, Kind]]:
    """Gains and losses that only the sex chromosomes written show, against the sex of the line."""
    if not sex or not cell.sex or cell.ploidy % 2:
        return []
    changes: list[tuple[str, Kind]] = []
    for name in "XY":
        missing = sex.count(name) * cell.ploidy // 2 - cell.sex.count(name)
        explained = sum(
            change.sex.count(name)
            for change in cell.changes
            if change.kind == "loss" or (change.kind == "structural" and change.name[0] != "+")
        )
        changes += [(f"-{name}", "loss")] * max(0, missing - explained)
        changes += [(f"+{name}", "gain")] * max(0, -missing)
    return changes


def _controls(scoring: Scoring) -> tuple[Control, ...]:
    listed = "; ".join(scoring.unreadable)
    banded = [cell for cell in scoring.cells if cell.cell.sex]
    other = [cell.name for cell in banded if cell.cell.sex in _SEXES and cell.cell.sex != scoring.sex]
    return (
        Control(
            name="karyotype.readable",
            passed=not scoring.unreadable and bool(scoring.cells),
            detail=listed or f"{len(scoring.cells)} cells read",
        ),
        Control(
            name="karyotype.one_line",
            passed=(bool(scoring.sex) or not banded) and not other,
            detail=f"sex chromosomes {scoring.sex or 'unknown'}"
            + (f"; other sex in cells {', '.join(other)}" if other else ""),
        ),
    )


def _of_stain(
    scoring: Scoring, stain: str, short: str, controls: tuple[Control, ...], source: str
) -> list[Measurement]:
    cells = [cell for cell in scoring.cells if cell.stain == stain]
    n_normal = sum(cell.normal for cell in cells)
    abnormal = [f"{cell.name} ({_written(cell)})" for cell in cells if not cell.normal]
    note = f"{n_normal} of {len(cells)} normal" + (f"; not normal: {', '.join(abnormal)}" if abnormal else "")
    if scoring.constitutional:
        note += f"; constitutional, counted as normal: {', '.join(scoring.constitutional)}"
    fraction = fraction_estimate(n_normal, len(cells)) if cells else _nothing(FRACTION)
    return [
        Measurement(
            metric=f"karyotype.metaphases_{short}",
            estimate=_count(len(cells), len(cells)),
            controls=controls,
            source=source,
        ),
        Measurement(
            metric=f"karyotype.normal_fraction_{short}",
            estimate=_checked(fraction, controls),
            controls=controls,
            facts=_limits(len(cells)),
            source=source,
            note=note,
        ),
    ]


def _clones(scoring: Scoring, controls: tuple[Control, ...], source: str) -> Measurement:
    n = sum(cell.stain == G_BAND for cell in scoring.cells)
    found = find_changes(scoring)
    clones = [item for item in found if item.clonal]
    words = [f"clonal: {item.change} in {len(item.cells)} of {n} cells" for item in clones]
    words += [
        f"not clonal: {item.change} in {len(item.cells)} of {n} cells (a clone needs {item.cells_needed})"
        for item in found
        if not item.clonal
    ]
    facts = _limits(n)
    if "cell_fraction_lod" in facts:
        words.append(
            f"a gain or structural change in under {100 * facts['cell_fraction_lod_gain']:.1f} % of the cells, or a "
            f"loss in under {100 * facts['cell_fraction_lod_loss']:.1f} %, is missed as a clone with more than "
            f"{100 * (1 - rule('level')):.0f} % probability"
        )
    words.append("rule: " + load_rules()["metaphases.clonal_gain_cells"].source)
    return Measurement(
        metric="karyotype.clonal_abnormalities",
        estimate=_checked(_count(len(clones), n) if n else _nothing(COUNT), controls),
        controls=controls,
        facts=facts,
        source=source,
        note="; ".join(words),
    )


def _tetraploid(scoring: Scoring, controls: tuple[Control, ...], source: str) -> Measurement:
    n = len(scoring.cells)
    polyploid = sum(cell.cell.number >= rule("metaphases.near_tetraploid_from") for cell in scoring.cells)
    return Measurement(
        metric="karyotype.tetraploid_fraction",
        estimate=_checked(fraction_estimate(polyploid, n) if n else _nothing(FRACTION), controls),
        controls=controls,
        facts={"metaphases": float(n)},
        source=source,
        note=f"{polyploid} of {n} metaphases of all stains with at least "
        f"{rule('metaphases.near_tetraploid_from'):.0f} chromosomes",
    )


def _limits(n: int) -> dict[str, float]:
    """Smallest cell fractions that n cells exclude, as facts; none where n is too small to exclude any."""
    needed = {
        "cell_fraction_lod_one": 1,
        "cell_fraction_lod_gain": int(rule("metaphases.clonal_gain_cells")),
        "cell_fraction_lod_loss": int(rule("metaphases.clonal_loss_cells")),
    }
    facts = {}
    for name, cells in needed.items():
        fraction = smallest_excluded_fraction(n, cells, rule("level"))
        if fraction is not None:
            facts[name] = fraction
    if len(facts) == len(needed):
        facts["cell_fraction_lod"] = max(facts.values())
    return facts


def _written(cell: ScoredCell) -> str:
    names = [change for change, _ in cell.changes]
    return ",".join([str(cell.cell.number), *names])


def _count(count: int, n: int) -> Estimate:
    value = float(count)
    return Estimate(estimate=value, low=value, high=value, unit=COUNT, level=1.0, method="count", n=n)


def _nothing(unit: str) -> Estimate:
    return Estimate(
        estimate=None,
        low=None,
        high=None,
        unit=unit,
        level=1.0,
        method="no readable cell",
        n=0,
        status="invalid",
    )


def _checked(estimate: Estimate, controls: Sequence[Control]) -> Estimate:
    """The estimate, marked invalid where a control failed."""
    return estimate if all(item.passed for item in controls) else replace(estimate, status="invalid")
