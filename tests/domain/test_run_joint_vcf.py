"""A VCF with the lot and its parent line: names beside tables without samples, and what the parent's alleles tell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from genostab.errors import InputError
from genostab.io.genome import load_genome
from genostab.karyotype.settings import load_settings
from genostab.lot.manifest import Sequencing
from genostab.run.check import check_snps
from genostab.run.file_kind import check_sample_names
from genostab.run.identity import check_identity
from genostab.run.sequenced import Sequenced
from genostab.run.sequencing import analyse_sequencing

GENOME, SETTINGS = load_genome("GRCh38"), load_settings()
WIDTH, DEPTH, N_SNPS = 500_000, 40, 12_000
LOST = (3, 20_000_000, 60_000_000)  # copy-neutral in all cells of the lot: chr4


def bins(path: Path, rng: np.random.Generator) -> Path:
    rows = []
    for chrom in range(22):
        for start in range(0, int(GENOME.length_bp[chrom]) - WIDTH, WIDTH):
            rows.append(f"{GENOME.names[chrom]}\t{start}\t{start + WIDTH}\t{rng.poisson(4000)}\n")
    path.write_text("chrom\tstart\tend\tcounts\n" + "".join(rows))
    return path


def depths(genotype: np.ndarray, rng: np.random.Generator) -> list[str]:
    total = rng.poisson(DEPTH, genotype.size) + 1
    alt = rng.binomial(total, np.array([0.002, 0.5, 0.998])[genotype])
    words = ["0/0", "0/1", "1/1"]
    return [
        f"{words[g]}:{n - a},{a}"
        for g, n, a in zip(genotype.tolist(), total.tolist(), alt.tolist(), strict=True)
    ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder, rng = tmp_path_factory.mktemp("joint"), np.random.default_rng(5)
    length = GENOME.length_bp[:22]
    chrom = np.sort(rng.choice(22, N_SNPS, p=length / length.sum()))
    place = rng.random(N_SNPS)
    order = np.lexsort((place, chrom))
    position = (place[order] * (length[chrom] - 1)).astype(np.int64)
    donor = rng.binomial(2, 0.5, N_SNPS)
    stranger = rng.binomial(2, 0.5, N_SNPS)
    inside = (chrom == LOST[0]) & (position >= LOST[1]) & (position < LOST[2])
    lot = np.where(inside & (donor == 1), 2 * rng.integers(0, 2, N_SNPS), donor)
    columns = {"line": depths(donor, rng), "lot": depths(lot, rng), "stranger": depths(stranger, rng)}
    header = "##fileformat=VCFv4.2\n" + '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="reads">\n'
    header += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t" + "\t".join(columns) + "\n"
    rows = [
        f"{GENOME.names[c]}\t{p + 1}\t.\tA\tG\t50\tPASS\t.\tGT:AD\t" + "\t".join(each) + "\n"
        for c, p, *each in zip(chrom.tolist(), position.tolist(), *columns.values(), strict=True)
    ]
    (folder / "joint.vcf").write_text(header + "".join(dict.fromkeys(rows)))
    return {
        "vcf": folder / "joint.vcf",
        "lot": bins(folder / "lot.tsv", rng),
        "line": bins(folder / "line.tsv", rng),
    }


def analysed(files: dict[str, Path], parent_name: str | None) -> Sequenced:
    block = Sequencing(
        sample=files["lot"],
        parent=(files["line"],),
        snps=files["vcf"],
        sample_name="lot",
        parent_name=parent_name,
    )
    check_sample_names(block)
    return analyse_sequencing(
        block, sex=None, genome=GENOME, settings=SETTINGS, threads=1, on_progress=lambda _: None
    )


def test_the_parents_alleles_make_a_complete_loss_acquired(files: dict[str, Path]) -> None:
    found = analysed(files, "line")
    calls = [call for call in found.karyotype.calls if call.reported]
    assert [(call.chrom, call.kind, call.origin) for call in calls] == [("chr4", "cnloh", "acquired")]
    assert abs(calls[0].start - LOST[1]) < 2_000_000
    assert abs(calls[0].end - LOST[2]) < 2_000_000
    identity = check_identity(found, GENOME, "lot.tsv")
    assert [pair.reading for pair in identity.pairs] == ["same donor"]


def test_without_the_parents_name_its_origin_is_unknown(files: dict[str, Path]) -> None:
    found = analysed(files, None)
    assert found.parent_snps == ()
    calls = [call for call in found.karyotype.calls if call.reported]
    assert [(call.chrom, call.origin) for call in calls] == [("chr4", "unknown")]


def test_another_donor_as_parent_is_seen(files: dict[str, Path]) -> None:
    identity = check_identity(analysed(files, "stranger"), GENOME, "lot.tsv")
    assert [pair.reading for pair in identity.pairs] == ["other donor"]
    assert identity.swap is not None


def test_a_parent_that_is_not_in_the_vcf_has_no_alleles(files: dict[str, Path], tmp_path: Path) -> None:
    text = files["line"].read_text().replace("counts\n", "counts\tsample\n", 1)
    head, _, rows = text.partition("\n")
    named = tmp_path / "line.tsv"
    named.write_text(head + "\n" + "".join(f"{row}\tP0\n" for row in rows.splitlines()))
    assert analysed({**files, "line": named}, "P0").parent_snps == ()


def block_of(files: dict[str, Path], **changes: object) -> Sequencing:
    given = {"sample": files["lot"], "parent": (files["line"],), "snps": files["vcf"], "sample_name": "lot"}
    return Sequencing(**{**given, **changes})


def test_lot_and_parent_are_not_one_sample_of_the_vcf(files: dict[str, Path]) -> None:
    with pytest.raises(InputError) as caught:
        check_snps(block_of(files, parent_name="lot"), "bins", GENOME)
    assert caught.value.code == "GS-2203"


def test_names_do_not_make_two_samples_of_one_table_without_samples(files: dict[str, Path]) -> None:
    """Only a name could tell them apart, and none of the table's rows has one."""
    block = block_of(files, parent=(files["lot"],), parent_name="line")
    with pytest.raises(InputError) as caught:
        analyse_sequencing(
            block, sex=None, genome=GENOME, settings=SETTINGS, threads=1, on_progress=lambda _: None
        )
    assert caught.value.code == "GS-2201"


def test_names_do_not_make_two_samples_of_one_file_of_reads(files: dict[str, Path], tmp_path: Path) -> None:
    for name in ("a.bam", "b.bam"):
        (tmp_path / name).write_bytes(b"\x1f\x8bthe same reads")
    block = block_of(files, sample=tmp_path / "a.bam", parent=(tmp_path / "b.bam",), parent_name="line")
    with pytest.raises(InputError) as caught:
        check_sample_names(block)
    assert caught.value.code == "GS-2203"


def test_beside_reads_the_parents_name_must_be_in_the_vcf(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.bam").write_bytes(b"\x1f\x8breads")
    with pytest.raises(InputError) as caught:
        check_snps(block_of(files, sample=tmp_path / "a.bam", parent_name="P0"), "alignment", GENOME)
    assert caught.value.code == "GS-2301"
    assert "stranger" in str(caught.value)


def test_a_parents_name_that_neither_reads_nor_sites_hold_is_refused(
    files: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "a.bam").write_bytes(b"\x1f\x8breads")
    header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    (tmp_path / "sites.vcf").write_text(header + "chr1\t1000000\t.\tA\tG\t50\tPASS\t.\n")
    given = {"sample": tmp_path / "a.bam", "snps": tmp_path / "sites.vcf", "sample_name": None}
    check_snps(block_of(files, **given), "alignment", GENOME)
    with pytest.raises(InputError) as caught:
        check_snps(block_of(files, **given, parent_name="line"), "alignment", GENOME)
    assert caught.value.code == "GS-2201"
