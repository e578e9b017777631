"""A daughter's X by descent: her father's one X is homozygous, so that the other allele is her mother's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.lot.manifest import Sequencing
from genostab.run.sequencing import Sequenced, analyse_sequencing

GENOME = load_genome("GRCh38")
N_X = 12_000
N_AUTOSOMAL = 40_000


def written(path: Path, chrom: np.ndarray, position: np.ndarray, b: np.ndarray, lrr: np.ndarray) -> Path:
    """A table of probes from the mean copies of B per two."""
    rng = np.random.default_rng(len(path.name))
    genotype = np.where(b < 0.5, "AA", np.where(b > 1.5, "BB", "AB"))
    baf = np.clip(b / 2.0 + 0.03 * rng.standard_normal(b.size), 0.0, 1.0)
    lrr = lrr + 0.15 * rng.standard_normal(b.size)
    with path.open("w") as out:
        out.write("Name\tChr\tPosition\tS.GType\tS.Log R Ratio\tS.B Allele Freq\n")
        for i in range(b.size):
            place = f"{GENOME.names[chrom[i]][3:]}\t{position[i]}"
            out.write(f"rs{i}\t{place}\t{genotype[i]}\t{lrr[i]:.4f}\t{baf[i]:.4f}\n")
    return path


def family(folder: Path, fraction: float) -> Sequenced:
    """The mother's X is gone from a share of the daughter's cells."""
    rng = np.random.default_rng(8)
    chrom = np.concatenate((np.sort(rng.integers(0, 22, N_AUTOSOMAL)), np.full(N_X, 22)))
    on_x = chrom == 22
    # No probe in a centromere, nor in the pseudo-autosomal regions.
    position = np.concatenate(
        [
            np.sort(rng.choice(np.arange(3_000_000, 14_000_000), (chrom == c).sum(), replace=False))
            for c in range(23)
        ]
    )
    frequency = rng.uniform(0.2, 0.8, chrom.size)
    of_father, of_mother = (rng.random((2, chrom.size)) < frequency for _ in range(2))
    of_father[1] = np.where(on_x, of_father[0], of_father[1])  # one X, clustered as homozygous
    daughter = of_father[0] + np.where(on_x, 1.0 - fraction, 1.0) * of_mother[0]
    total = np.where(on_x, 2.0 - fraction, 2.0)
    lrr = 0.45 * np.log2(total / 2.0)
    return analyse_sequencing(
        Sequencing(
            array=written(folder / "daughter.txt", chrom, position, 2.0 * daughter / total, lrr),
            parent=(
                written(
                    folder / "father.txt",
                    chrom,
                    position,
                    of_father.sum(axis=0) * 1.0,
                    np.where(on_x, -0.4, 0.0),
                ),
                written(
                    folder / "mother.txt", chrom, position, of_mother.sum(axis=0) * 1.0, np.zeros(chrom.size)
                ),
            ),
        ),
        sex=None,
        genome=GENOME,
        settings=load_settings(),
        threads=1,
        on_progress=lambda _: None,
    )


@pytest.mark.parametrize("fraction", [0.0, 0.06])
def test_a_daughters_x_is_phased_by_her_father(tmp_path: Path, fraction: float) -> None:
    seen = family(tmp_path, fraction)
    figures = {name: (value, note) for name, value, _, note in seen.qc}
    assert figures["sex"][0] == "female"
    assert "by the phase of" in figures["heterozygous bands of X"][1]
    calls = [(call.chrom, call.start, call.end) for call in seen.karyotype.calls if call.reported]
    whole = ("chrX", 0, int(GENOME.length_bp[22]))
    assert calls == ([] if fraction == 0.0 else [whole])
