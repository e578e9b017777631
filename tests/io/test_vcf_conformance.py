"""The VCF files of hts-specs that are wrong on purpose, as they are and with allele depths put in.

As they are, hardly any holds FORMAT/AD, so each must be refused for that. To see whether the fault itself is met, AD is
put into every record and one good SNP is added at the end: what is accepted then is argued below, by category.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from genostab.errors import GenostabErrors, InputError
from genostab.io.genome import load_genome
from genostab.io.vcf import read_allele_depths

HG38 = load_genome("GRCh38")

# Accepted failed/ files of 4.1 and 4.2 together, and why each fault cannot reach a number of ours.
ARGUED = {
    "failed_body_chrom": (
        2,
        "colon in CHROM: allowed from 4.3 on (HLA contigs); the contig is none of ours: left out",
    ),
    "failed_body_duplicated": (
        6,
        "the same change spelt in a longer record (multi-base or multi-allelic): no SNP record",
    ),
    "failed_body_format": (2, "underscore in a FORMAT key: allowed from 4.3 on"),
    "failed_body_id": (6, "ID is not read"),
    "failed_body_info": (70, "INFO is not read"),
    "failed_body_qual": (4, "QUAL is not read"),
    "failed_body_sample": (13, "number or type of a FORMAT field other than GT and AD"),
    "failed_body_samples_ploidy": (8, "length of PL: not read"),
    "failed_meta": (10, "key or quotes of a header line that is not read"),
    "failed_meta_alt": (20, "##ALT is not read"),
    "failed_meta_assembly": (2, "##assembly is not read"),
    "failed_meta_format": (61, "##FORMAT lines other than that of AD are not read"),
    "failed_meta_info": (75, "##INFO is not read"),
    "failed_meta_pedigree": (4, "##PEDIGREE is not read"),
    "failed_meta_pedigreedb": (4, "##pedigreeDB is not read"),
    "failed_meta_sample": (4, "##SAMPLE is not read"),
}


@pytest.fixture(scope="module")
def corpus(data_dir: Path) -> Path:
    folder = data_dir / "vcf_conformance"
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent")
    return folder


def with_depths(text: str) -> str:
    """The VCF with AD in every record, and one good SNP on Y."""
    lines, n_samples = [], 1
    for line in text.splitlines():
        fields = line.split("\t")
        if line.startswith("#CHROM"):
            fields += ["FORMAT", "S1"] if len(fields) == 8 else []
            n_samples = max(1, len(fields) - 9)
        elif not line.startswith("#") and len(fields) >= 8:
            n_alt = 0 if fields[4] == "." else fields[4].count(",") + 1
            depths = ",".join(["9"] * (n_alt + 1))
            fields += ["GT", "0/0"] if len(fields) == 8 else []
            n_keys = fields[8].count(":") + 1
            fields[8] += ":AD"
            fields[9:] = [
                value + ":." * (n_keys - 1 - value.count(":")) + f":{depths}" for value in fields[9:]
            ]
        lines.append("\t".join(fields))
    lines.append(
        "\t".join(["Y", "50000000", ".", "A", "G", "50", "PASS", ".", "GT:AD", *["0/1:9,9"] * n_samples])
    )
    return "\n".join(lines) + "\n"


def outcome(path: Path, text: str) -> str:
    """ "" where the first sample is read, else the code of the refusal; anything else is a failure of the test."""
    path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    columns = next((line for line in text.splitlines() if line.startswith("#CHROM")), "").split("\t")
    try:
        read_allele_depths(path, HG38, columns[9] if len(columns) > 9 else None)
    except InputError as error:
        return error.code
    except GenostabErrors as errors:
        return errors.errors[0].code
    return ""


def read_text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="surrogateescape")


def test_nothing_raises_but_refusals(corpus: Path, tmp_path: Path) -> None:
    files = sorted(corpus.glob("4.*/*/*.vcf"))
    assert len(files) == 383 + 50
    outcomes = Counter(outcome(tmp_path / "x.vcf", read_text(path)) for path in files)
    assert set(outcomes) <= {"GS-2301", "GS-2101", "GS-2003", "GS-2004"}, outcomes


def test_right_files_are_read(corpus: Path, tmp_path: Path) -> None:
    files = sorted(corpus.glob("4.*/passed/*.vcf"))
    refused = {
        f"{path.parent.parent.name}/{path.name}": code
        for path in files
        if (code := outcome(tmp_path / "x.vcf", with_depths(read_text(path))))
    }
    # These state that chromosome 1 has 123,456 bases: no assembly does.
    assert refused == {"4.1/passed_meta_contig.vcf": "GS-2101", "4.2/passed_meta_contig.vcf": "GS-2101"}


def test_wrong_files_that_are_read_are_argued(corpus: Path, tmp_path: Path) -> None:
    files = sorted(corpus.glob("4.*/failed/*.vcf"))
    accepted = Counter(
        re.sub(r"_\d+\.vcf$", "", path.name)
        for path in files
        if not outcome(tmp_path / "x.vcf", with_depths(read_text(path)))
    )
    assert accepted == {category: count for category, (count, _) in ARGUED.items()}
