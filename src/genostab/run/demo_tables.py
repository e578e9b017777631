"""The assay tables of the demonstration lot: rows that follow its truth, ready for a CSV writer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from genostab.run.demo_truth import Truth, normals, uniforms

Rows = list[Sequence[Any]]


def metaphase_rows(truth: Truth, seed: int) -> Rows:
    """Rows of gband.csv: cell, karyotype, stain; each event of a whole chromosome at its expected count."""
    facts = truth.metaphases
    normal = str(facts["female_normal"])
    count = int(normal.partition(",")[0])
    g_band: list[str] = list(facts["g_band_single_losses"])
    giemsa = [str(2 * count)] * int(facts["giemsa_tetraploid"])
    for event in truth.events:
        if "nsc" in event.libraries and event.start == 0 and event.end is None:
            sign = "+" if event.copies > 0 else "-"
            karyotype = f"{count + event.copies},XX,{sign}{event.chrom.removeprefix('chr')}"
            g_band += [karyotype] * round(facts["g_band"] * event.cell_fraction)
            giemsa += [str(count + event.copies)] * round(facts["giemsa_count"] * event.cell_fraction)
    g_band += [normal] * (int(facts["g_band"]) - len(g_band))
    giemsa += [str(count)] * (int(facts["giemsa_count"]) - len(giemsa))
    rows: Rows = [("cell", "karyotype", "stain")]
    for stain, letter, cells in (("g_band", "G", g_band), ("giemsa_count", "C", giemsa)):
        order = np.argsort(uniforms(seed, f"metaphases {stain}", len(cells)), kind="stable")
        rows += [(f"{letter}{rank + 1:03d}", cells[index], stain) for rank, index in enumerate(order)]
    return rows


def passage_rows(truth: Truth, seed: int) -> Rows:
    """Rows of passages.csv: passage, day, seeded, harvested [cells], harvests to three digits."""
    facts = truth.passages
    numbers = range(int(facts["first"]), int(facts["last"]) + 1)
    doublings = facts["doublings_per_passage"] + facts["doublings_sd"] * normals(
        seed, "passages", len(numbers)
    )
    rows: Rows = [("passage", "day", "seeded", "harvested")]
    for i, number in enumerate(numbers):
        harvested = round(facts["seeded_cells"] * 2.0 ** float(doublings[i]), -4)
        rows.append((number, i * facts["interval_days"], facts["seeded_cells"], int(harvested)))
    return rows


def ddpcr_rows(truth: Truth, seed: int) -> Rows:
    """Rows of ddpcr.csv; a droplet is positive with 1 - exp(-copies x droplet volume / reaction volume)."""
    facts = truth.residual["ddpcr"]
    columns = ("well", "role", "target", "positive", "accepted", "droplet_volume_nl", "cells")
    rows: Rows = [columns]
    frequency = {"sample": truth.residual["ipsc_frequency"], "positive_control": 1.0}
    accepted = int(facts["accepted_droplets"])
    for group in facts["wells"]:
        per_cell = facts["background_copies_per_cell"]
        per_cell += frequency.get(group["role"], 0.0) * facts["copies_per_ipsc"]
        copies = per_cell * group["cells"]
        positive_share = -np.expm1(-copies * facts["droplet_volume_nl"] / (1000.0 * facts["reaction_ul"]))
        for _ in range(group["n"]):
            well = f"A{len(rows):02d}"
            positive = int((uniforms(seed, f"ddpcr {well}", accepted) < positive_share).sum())
            droplet = facts["droplet_volume_nl"]
            cells = group["cells"] or ""
            rows.append((well, group["role"], facts["target"], positive, accepted, droplet, cells))
    return rows


def _trap_wells(truth: Truth) -> list[tuple[str, str, float | str, int | str, float | None]]:
    """Role, lysate, standard amount, cells and noiseless Cq of each well; no Cq without template."""
    facts = truth.telomerase

    def cq(amol: float) -> float:
        return float(facts["cq_at_1_amol"] - np.log(amol) / np.log(facts["efficiency_fold"]))

    wells: list[tuple[str, str, float | str, int | str, float | None]] = []
    for amount in facts["standards_amol"]:
        wells += [("standard", "", amount, "", cq(amount))] * facts["standard_replicates"]
    leftover = facts["heat_treated_amol"]
    for lysate in facts["lysates"]:
        name, replicates = lysate["lysate"], facts["replicates"]
        for cells in lysate["cells"]:
            active = lysate["amol_per_cell"] * cells + leftover
            wells += [(lysate["role"], name, "", cells, cq(active))] * replicates
            wells += [("heat_treated", name, "", cells, cq(leftover))] * replicates
    for name in (*(lysate["lysate"] for lysate in facts["lysates"]), ""):
        wells += [("internal_control", name, "", "", facts["internal_control_cq"])] * facts["replicates"]
    wells += [("no_template", "", "", "", None)] * facts["no_template_wells"]
    return wells + [("lysis_buffer", "", "", "", None)] * facts["lysis_buffer_wells"]


def trap_rows(truth: Truth, seed: int) -> tuple[Rows, Rows]:
    """Rows of trap.csv and layout.csv; Cq = b - log(amol) / log(E) + noise, empty without template."""
    wells = _trap_wells(truth)
    noise = truth.telomerase["cq_sd"] * normals(seed, "trap", len(wells))
    plate: Rows = [("well", "cq")]
    layout: Rows = [("well", "role", "lysate", "amount_amol", "cells")]
    for i, (role, lysate, amount, cells, mean_cq) in enumerate(wells):
        well = f"{'ABCDEFGH'[i // 12]}{i % 12 + 1}"
        plate.append((well, "" if mean_cq is None else f"{mean_cq + noise[i]:.3f}"))
        layout.append((well, role, lysate, amount, cells))
    return plate, layout


def animal_rows(truth: Truth) -> Rows:
    """Rows of animals.csv: group, dose_cells, tested, positive."""
    columns = ("group", "dose_cells", "tested", "positive")
    return [columns, *([group[name] for name in columns] for group in truth.animals)]


def observation_rows(truth: Truth) -> Rows:
    """Rows of observations.csv, as demo.yaml states them."""
    facts = truth.observations
    columns = ("attribute", "value", "unit", "n", "method", "lod", "lab", "operator", "date", "evidence_file")
    shared = {name: facts[name] for name in ("lab", "operator", "date", "evidence_file")}
    rows: Rows = [columns]
    rows += [[{**shared, **row}.get(name, "") for name in columns] for row in facts["rows"]]
    return rows
