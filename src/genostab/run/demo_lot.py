"""A complete simulated lot with a known truth: reads, SNPs, assay tables, manifest and the truth itself."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from genostab.arrays import Genome
from genostab.errors import ResourceError, UsageError
from genostab.io.atomic import publish
from genostab.run.demo_reads import build_tiles, write_library
from genostab.run.demo_snps import panel_sites, vcf_text, write_vcf
from genostab.run.demo_tables import (
    Rows,
    animal_rows,
    ddpcr_rows,
    metaphase_rows,
    observation_rows,
    passage_rows,
    trap_rows,
)
from genostab.run.demo_truth import Event, Truth, load_truth

_CERTIFICATE = """Simulated demonstration data of genostab. No cell, patient or laboratory stands behind it.
The stated results in observations.csv refer to this file.
"""


def write_demo_lot(folder: Path, *, seed: int, genome: Genome, on_progress: Callable[[str], None]) -> Path:
    """Leave a complete simulated lot in a folder, and give the path of its manifest.

    Parameters
    ----------
    folder : Path, made where absent; files of the same names are replaced
    seed : int, 0..2**64-1; the same seed gives the same bytes
    genome : Genome, GRCh38
    on_progress : callable, gets a line for each file that is done, in the calling thread

    Returns
    -------
    Path, the manifest ``lot.yaml``, written last; ``truth.yaml`` beside it holds what is true of the lot

    Raises
    ------
    UsageError
        GS-1001 where the seed is out of range, GS-1107 where the genome is not that of the truth.
    ResourceError
        GS-5001 where a file cannot be written.

    Notes
    -----
    Truth and parameters are in ``demo.yaml``. Two BAMs of about 2.1 million reads, a panel VCF and the assay
    tables; O(reads x read length).
    """
    return write_lot(folder, load_truth(), seed=seed, genome=genome, on_progress=on_progress)


def write_lot(
    folder: Path, truth: Truth, *, seed: int, genome: Genome, on_progress: Callable[[str], None]
) -> Path:
    """Leave the lot that a truth describes in a folder; `write_demo_lot` with a truth of the caller's."""
    _check(seed, genome, truth)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_sequencing(folder, truth, genome=genome, seed=seed, on_progress=on_progress)
        publish(folder, {name: text.encode() for name, text in _texts(truth, seed).items()})
        on_progress("assay tables, manifest and truth")
    except OSError as error:
        raise ResourceError(
            "GS-5001",
            what="the demonstration lot cannot be written",
            where=str(folder),
            found=str(error),
            expected="a writable folder with about 150 MB free",
            action="free space or choose another folder; then run again",
        ) from error
    return folder / "lot.yaml"


def _check(seed: int, genome: Genome, truth: Truth) -> None:
    if not 0 <= seed < 2**64:
        raise UsageError(
            "GS-1001",
            what="the seed is out of range",
            where="--seed",
            found=str(seed),
            expected="a whole number from 0 to 2**64 - 1",
            action="give a seed in this range",
        )
    if genome.assembly != truth.assembly:
        raise UsageError(
            "GS-1107",
            what="the demonstration lot belongs to another assembly",
            where="genome",
            found=genome.assembly,
            expected=truth.assembly,
            action=f"use {truth.assembly}",
        )


def _write_sequencing(
    folder: Path, truth: Truth, *, genome: Genome, seed: int, on_progress: Callable[[str], None]
) -> None:
    tiles = build_tiles(truth, genome, seed)
    with ThreadPoolExecutor(max_workers=len(truth.libraries)) as pool:
        pending = {
            pool.submit(
                write_library,
                folder / f"{library.name}.bam",
                truth,
                library,
                genome=genome,
                tiles=tiles,
                seed=seed,
            ): f"{library.name}.bam"
            for library in truth.libraries
        }
        sites = panel_sites(truth, genome, tiles, "nsc", seed)
        write_vcf(folder / "nsc.vcf.gz", vcf_text(truth, genome, sites, f"{truth.lot['lot']}-nsc", seed))
        on_progress("nsc.vcf.gz")
        for done in as_completed(pending):
            done.result()
            on_progress(pending[done])


def _texts(truth: Truth, seed: int) -> dict[str, str]:
    """Text of each small file by name, the manifest last."""
    plate, layout = trap_rows(truth, seed)
    return {
        "gband.csv": _csv(metaphase_rows(truth, seed)),
        "passages.csv": _csv(passage_rows(truth, seed)),
        "ddpcr.csv": _csv(ddpcr_rows(truth, seed)),
        "animals.csv": _csv(animal_rows(truth)),
        "trap.csv": _csv(plate),
        "layout.csv": _csv(layout),
        "observations.csv": _csv(observation_rows(truth)),
        "certificate.txt": _CERTIFICATE,
        "truth.yaml": _yaml(_stated_truth(truth, seed)),
        "lot.yaml": _yaml(_manifest(truth)),
    }


def _csv(rows: Rows) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _yaml(tree: Mapping[str, Any]) -> str:
    text = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = None
    yaml.width = 110
    yaml.dump(dict(tree), text)
    return text.getvalue()


def _manifest(truth: Truth) -> dict[str, Any]:
    return {
        **{name: truth.lot[name] for name in ("lot", "product", "stage", "profile")},
        "assembly": truth.assembly,
        "line": truth.lot["line"],
        "dose": truth.lot["dose"],
        "sequencing": {
            "sample": "nsc.bam",
            "parent": "bank.bam",
            "snps": "nsc.vcf.gz",
            "array": None,
            "panel": None,
        },
        "metaphases": "gband.csv",
        "culture": {"passages": "passages.csv"},
        "residual": [
            {"assay": truth.residual["ddpcr"]["assay"], "file": "ddpcr.csv"},
            *(dict(assay) for assay in truth.residual["flow"]),
        ],
        "tumorigenicity": {"animals": "animals.csv"},
        "telomerase": {"plate": "trap.csv", "layout": "layout.csv"},
        "observations": "observations.csv",
    }


def _expected(event: Event) -> dict[str, Any]:
    """What an event does to read depth and to the ALT share of heterozygous sites."""
    change = event.copies * event.cell_fraction
    ratio = 1.0 + change / 2.0
    return {
        "name": event.name,
        "chrom": event.chrom,
        "start": event.start,
        "end": event.end,
        "kind": "gain" if event.copies > 0 else "loss",
        "copy_number": 2 + event.copies,
        "cell_fraction": event.cell_fraction,
        "origin": "inherited" if "bank" in event.libraries else "acquired",
        "depth_ratio_to_unchanged": round(ratio, 6),
        "ratio_log2": round(math.log2(ratio), 6),
        "het_allele_fractions": [
            round(1.0 / (2.0 + change), 6),
            round((1.0 + change) / (2.0 + change), 6),
        ],
    }


def _stated_truth(truth: Truth, seed: int) -> dict[str, Any]:
    lysates = {item["lysate"]: item["amol_per_cell"] for item in truth.telomerase["lysates"]}
    return {
        "lot": truth.lot["lot"],
        "simulated": True,
        "seed": seed,
        "assembly": truth.assembly,
        "events": [_expected(event) for event in truth.events],
        "reads": {library.name: {"expected_distinct": library.n_distinct} for library in truth.libraries},
        "metaphases": {
            "rule": "whole-chromosome events at round(n x cell fraction); smaller ones are below resolution",
            "g_band": _tally(metaphase_rows(truth, seed), "g_band"),
            "giemsa_count": _tally(metaphase_rows(truth, seed), "giemsa_count"),
        },
        "residual": {"ipsc_frequency": truth.residual["ipsc_frequency"]},
        "telomerase": {
            "efficiency_fold": truth.telomerase["efficiency_fold"],
            "amol_per_cell": lysates,
            "relative_activity": round(lysates["NSC"] / lysates["iPSC"], 6),
        },
        "culture": {
            "population_doublings": round(
                sum(math.log2(row[3] / row[2]) for row in passage_rows(truth, seed)[1:]), 6
            )
        },
    }


def _tally(rows: Rows, stain: str) -> dict[str, int]:
    karyotypes = [row[1] for row in rows if row[2] == stain]
    return {karyotype: karyotypes.count(karyotype) for karyotype in sorted(set(karyotypes))}
