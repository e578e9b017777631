"""A lot read against a panel of normals: profiles, what the report says of it, and what cannot be done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genostab.arrays import Bins, Genome, Panel, Profile
from genostab.errors import GenostabError, GenostabErrors, InputError
from genostab.io.alignment_counts import empty_bins
from genostab.io.panel_file import read_panel
from genostab.karyotype.normalise import check_same_bins, profile_alone, profile_paired
from genostab.karyotype.panel import (
    ITSELF,
    Standard,
    check_panel,
    profile_against_panel,
    profile_by_standard,
    set_aside,
    sex_sd,
    standard_for,
)
from genostab.karyotype.settings import Settings
from genostab.karyotype.sex import Sex
from genostab.lot.manifest import Sequencing
from genostab.run.bin_files import read_all_bins
from genostab.run.file_kind import FileKind


@dataclass(frozen=True, kw_only=True)
class AgainstPanel:
    """A panel, its file's name, and what it expects of a lot of that sex."""

    name: str
    panel: Panel
    sex: Sex
    standard: Standard


def panel_of(block: Sequencing, genome: Genome, on_progress: Callable[[str], None]) -> Panel | None:
    """The panel that the block names, or None.

    Raises
    ------
    InputError
        As `read_panel`.
    """
    if block.panel is None:
        return None
    on_progress(f"panel {block.panel.name}")
    return read_panel(block.panel, genome)


def check_panel_fits(
    block: Sequencing, path: Path, kind: FileKind, genome: Genome, settings: Settings
) -> None:
    """Refuse, before the work, a panel that the analysis of such files would refuse after it.

    Parameters
    ----------
    block : Sequencing, with a panel
    path : Path of the lot's file
    kind : FileKind of it
    genome : Genome
    settings : Settings

    Raises
    ------
    InputError
        GS-2203 where lot and panel do not go together; those of `read_panel`.

    Notes
    -----
    Of reads the width of the bins is known only once they are counted, unless it is asked for: a panel is refused where
    it fits no width that there is. Other files of the lot that cannot be read are not refused here.
    """
    assert block.panel is not None
    panel = read_panel(block.panel, genome)
    if kind in ("alignment", "counts"):
        widths = (block.bin_width,) if block.bin_width else settings.bin_widths_bp
        _refuse_all_widths([empty_bins(genome, width) for width in widths], panel)
    elif kind == "bins":
        try:
            files = read_all_bins(block, path, genome)
        except (GenostabError, GenostabErrors):
            return
        kinds = {file.kind for file in files}
        if kinds == {"ratio"}:
            refuse_panel_of_ratios(block)
        elif "ratio" not in kinds:
            check_panel(files[0].bins, panel, is_counts=kinds == {"counts"})


def _refuse_all_widths(offered: Sequence[Bins], panel: Panel) -> None:
    """Refuse a panel that fits none of the bins, as it is refused for the first."""
    refusals: list[InputError] = []
    for bins in offered:
        try:
            check_panel(bins, panel, is_counts=True)
        except InputError as error:
            refusals.append(error)
    if len(refusals) == len(offered):
        raise refusals[0]


def against_panel(
    block: Sequencing,
    panel: Panel | None,
    own: Bins,
    is_counts: bool,
    sex: Sex,
    genome: Genome,
    settings: Settings,
) -> AgainstPanel | None:
    """The panel with what it expects in the bins of the lot; None where there is none.

    Raises
    ------
    InputError
        GS-2203 where lot and panel do not go together.
    """
    if panel is None or block.panel is None:
        return None
    panel = set_aside(panel, own)
    standard = standard_for(own, panel, genome, sex, settings, is_counts=is_counts)
    return AgainstPanel(name=block.panel.name, panel=panel, sex=sex, standard=standard)


def profile_by_itself(
    bins: Bins, against: AgainstPanel | None, sex: Sex, genome: Genome, settings: Settings, *, is_counts: bool
) -> Profile:
    """Profile of one sample against the panel, or against its own genome where there is none."""
    if against is None:
        return profile_alone(bins, genome, sex, settings, is_counts=is_counts)
    if sex != against.sex:
        return profile_against_panel(bins, against.panel, genome, sex, settings, is_counts=is_counts)
    return profile_by_standard(bins, None, against.standard, genome, settings, is_counts=is_counts)


def profile_of_pair(
    own: Bins,
    parent: Bins,
    against: AgainstPanel | None,
    sex: Sex,
    genome: Genome,
    settings: Settings,
    *,
    is_counts: bool,
) -> Profile:
    """Profile of a lot against its parent; a panel takes the waves of either library out first.

    Raises
    ------
    InputError
        GS-2203 where lot and parent do not have the same bins.
    """
    if against is None or not against.standard.shapes.shape[1]:
        return profile_paired(own, parent, genome, sex, settings, is_counts=is_counts)
    check_same_bins(own, parent)
    return profile_by_standard(own, parent, against.standard, genome, settings, is_counts=is_counts)


def panel_rows(against: AgainstPanel | None) -> tuple[tuple[str, float, str, str], ...]:
    """Figures of quality: normals, waves and masked bins."""
    if against is None:
        return ()
    normals, standard = against.panel.normals, against.standard
    n_used = sum(not normal.left_out for normal in normals)
    return (
        ("normals of the panel", n_used, "samples", f"{against.name}; {len(normals) - n_used} left out"),
        ("waves of the panel", standard.shapes.shape[1], "components", "taken out of the profile"),
        (
            "bins masked by the panel",
            standard.n_variable,
            "bins",
            f"normals vary there more than {standard.max_sd_ratio:.3g} times as much as their coverage explains",
        ),
    )


def panel_remarks(
    block: Sequencing, against: AgainstPanel | None, sex: Sex, settings: Settings
) -> tuple[str, ...]:
    """What the panel could not do for this lot, and what was given beside it without being used."""
    if against is None:
        return ()
    remarks = [
        f"{normal.name} of the panel is this sample itself: it was not used"
        for normal in against.panel.normals
        if normal.left_out == ITSELF
    ]
    if sex == "unknown":
        remarks.append("X and Y are not called: a panel is read by sex, and that of the sample is unknown")
    elif not math.isfinite(sex_sd(against.panel, sex, settings)):
        n = sum(normal.sex == sex and not normal.left_out for normal in against.panel.normals)
        remarks.append(
            f"X and Y are not called: the panel has {n or 'no'} {sex} normal; it takes two or more"
        )
    if np.isfinite(against.panel.bins.gc_fraction).any() and block.gc_track is not None:
        remarks.append("gc_track: not used, the panel brings the GC of its bins")
    if block.mappability_track is not None:
        remarks.append("mappability_track: not used, the normals of the panel show it")
    return tuple(remarks)


def refuse_panel_of_ratios(block: Sequencing) -> None:
    """Refuse a panel for log2 ratios.

    Raises
    ------
    InputError
        GS-2203.
    """
    if block.panel is not None:
        raise InputError(
            "GS-2203",
            what="log2 ratios cannot be compared with a panel",
            where=str(block.sample),
            found="ratios, which have been compared with a reference before",
            expected="reads or coverage",
            action="give the coverage that the ratios were made from, or leave the panel out",
        )
