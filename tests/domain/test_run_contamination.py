"""Foreign DNA in a lot beside suspects: the right one named, no other, and nothing made of the lot's own donor."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from genostab.arrays import AlleleDepths, SnpTable
from genostab.lot.manifest import Sequencing
from genostab.results import Estimate
from genostab.run.contamination import ContaminationCheck, check_contamination
from genostab.run.sequenced import Sequenced
from tests.statistical.contaminated import contaminated_array, contaminated_reads
from tests.statistical.sample_genomes import GENOME, Int8

N_SNPS = 12_000


def written_array(path: Path, array: SnpTable, copies: Int8) -> Path:
    rows = zip(
        array.name, array.chrom.tolist(), array.position.tolist(), copies.tolist(), copies / 2.0, strict=True
    )
    lines = [f"{n}\t{GENOME.names[c]}\t{p + 1}\t{('AA', 'AB', 'BB')[g]}\t0\t{b}" for n, c, p, g, b in rows]
    path.write_text(
        "Name\tChr\tPosition\tp.GType\tp.LRR\tp.BAF\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )
    return path


def written_vcf(path: Path, reads: AlleleDepths, copies: Int8) -> Path:
    lines = ["##fileformat=VCFv4.2"]
    lines += [
        f"##contig=<ID={n},length={bp}>"
        for n, bp in zip(GENOME.names, GENOME.length_bp.tolist(), strict=True)
    ]
    lines += ['##FORMAT=<ID=AD,Number=R,Type=Integer,Description="reads">']
    lines += ["#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tp"]
    lines += [
        f"{GENOME.names[c]}\t{p + 1}\t.\tA\tG\t.\t.\t.\tAD\t{30 - 15 * g},{15 * g}"
        for c, p, g in zip(
            reads.chrom.tolist(), reads.position.tolist(), copies.astype(int).tolist(), strict=True
        )
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def written_frequencies(path: Path, snps: SnpTable | AlleleDepths, frequency: np.ndarray) -> Path:
    rows = zip(snps.chrom.tolist(), snps.position.tolist(), frequency.tolist(), strict=True)
    lines = [f"{GENOME.names[c]}\t{p + 1}\t{f}" for c, p, f in rows]
    path.write_text("Chr\tPosition\tPFB\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def checked(snps: SnpTable | AlleleDepths, block: Sequencing) -> ContaminationCheck:
    sequenced = SimpleNamespace(snps=snps, karyotype=SimpleNamespace(calls=(), withheld=""))
    return check_contamination(cast(Sequenced, sequenced), block, GENOME, "lot")


def leading(check: ContaminationCheck) -> tuple[Estimate, str]:
    (measured,) = check.measurements
    assert measured.estimate is not None
    return measured.estimate, measured.note


@pytest.mark.parametrize("has_frequencies", [True, False])
def test_the_right_suspect_is_named(tmp_path: Path, *, has_frequencies: bool) -> None:
    rng = np.random.default_rng(31)
    snps, frequency, foreign = contaminated_array(N_SNPS, 0.02, rng)
    right = written_array(tmp_path / "right.txt", snps, foreign)
    wrong = written_array(tmp_path / "wrong.txt", snps, rng.binomial(2, frequency).astype(np.int8))
    given = written_frequencies(tmp_path / "pfb.txt", snps, frequency) if has_frequencies else None
    check = checked(snps, Sequencing(array=right, frequencies=given, contaminant=(wrong, right)))
    estimate, note = leading(check)
    assert note == "against right.txt"
    # 4 standard errors of 12,000 probes (0.0005).
    assert estimate.estimate == pytest.approx(0.02, abs=0.002)
    table = check.details[0]
    assert [row[0] for row in table.rows][1:] == ["wrong.txt", "right.txt"]
    assert "right.txt" in check.warnings[0]


def test_a_stranger_is_no_suspects(tmp_path: Path) -> None:
    """The DNA is neither's: the fraction is that of the frequencies, and nobody is named."""
    rng = np.random.default_rng(32)
    snps, frequency, _ = contaminated_array(N_SNPS, 0.05, rng)
    wrong = written_array(tmp_path / "wrong.txt", snps, rng.binomial(2, frequency).astype(np.int8))
    given = written_frequencies(tmp_path / "pfb.txt", snps, frequency)
    check = checked(snps, Sequencing(array=wrong, frequencies=given, contaminant=(wrong,)))
    estimate, note = leading(check)
    assert note == "against pfb.txt"
    assert estimate.estimate == pytest.approx(0.05, abs=0.004)
    assert "another person's" in check.warnings[0]


def test_the_lots_own_donor_and_no_foreign_dna(tmp_path: Path) -> None:
    snps, frequency, foreign = contaminated_array(N_SNPS, 0.0, np.random.default_rng(33))
    own = written_array(tmp_path / "own.txt", snps, np.rint(2.0 * snps.b_allele_fraction).astype(np.int8))
    other = written_array(tmp_path / "other.txt", snps, foreign)
    given = written_frequencies(tmp_path / "pfb.txt", snps, frequency)
    check = checked(snps, Sequencing(array=own, frequencies=given, contaminant=(own, other)))
    assert leading(check)[0].status == "not_detected"
    assert check.warnings == ()
    _, of_own, of_other = check.details[0].rows
    assert "own donor" in str(of_own[-1])
    assert of_other[1] is None
    assert float(str(of_other[4])) < 0.01


@pytest.mark.parametrize("fraction", [0.0, 0.05])
def test_reads_beside_a_suspect(tmp_path: Path, fraction: float) -> None:
    snps, frequency, foreign = contaminated_reads(N_SNPS, fraction, 30, np.random.default_rng(34))
    person = written_vcf(tmp_path / "person.vcf", snps, foreign)
    given = written_frequencies(tmp_path / "af.txt", snps, frequency)
    for frequencies in (given, None):
        check = checked(snps, Sequencing(sample=person, frequencies=frequencies, contaminant=(person,)))
        estimate, note = leading(check)
        if fraction:
            assert note == "against person.vcf"
            assert estimate.estimate == pytest.approx(fraction, abs=0.004)
        else:
            assert estimate.status == "not_detected"
