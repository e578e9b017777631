"""One sound file of every kind that `genostab analyze` takes, and what must hold where one is refused."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from genostab.cli.main import run
from genostab.errors import CODES
from genostab.io.genome import load_genome
from genostab.run.demo_lot import write_lot
from genostab.run.demo_truth import load_truth

GENOME = load_genome("GRCh38")
BIN_BP = 1_000_000
FIVE_PARTS = re.compile(
    r"^(GS-\d{4}) \S.*\n  where:    \S.*\n  found:    \S.*\n  expected: \S.*\n  do:       \S.*$", re.MULTILINE
)
NOISE = np.random.default_rng(20261122).bytes(5000)


def write_good_lot(folder: Path) -> None:
    """A small demonstration lot, with binned files, an array, tracks and a dilution series beside it."""
    truth = load_truth()
    libraries = tuple(dataclasses.replace(library, n_distinct=40_000) for library in truth.libraries)
    small = dataclasses.replace(truth, libraries=libraries, snps={**truth.snps, "n_sites": 300})
    write_lot(folder, small, seed=7, genome=GENOME, on_progress=lambda line: None)
    for name, make in FILES.items():
        (folder / name).write_text(make(), encoding="utf-8")


def _bins() -> Iterator[tuple[str, int, int, float]]:
    """Chromosome, start, end and an even log2 ratio with noise, the autosomes of a woman and her X."""
    draw = np.random.default_rng(5)
    for name, length in zip(GENOME.names[:23], GENOME.length_bp[:23].tolist(), strict=True):
        for start in range(0, length, BIN_BP):
            yield name, start, min(start + BIN_BP, length), float(draw.normal(0.0, 0.05))


def _cnr() -> str:
    rows = "".join(f"{c}\t{s}\t{e}\t-\t{r:.5f}\t{2**r:.5f}\t1.0\n" for c, s, e, r in _bins())
    return "chromosome\tstart\tend\tgene\tlog2\tdepth\tweight\n" + rows


def _mosdepth() -> str:
    return "".join(f"{c}\t{s}\t{e}\t{30 * 2**r:.2f}\n" for c, s, e, r in _bins())


def _counts() -> str:
    rows = "".join(f"{c}\t{s}\t{e}\t{round(5000 * (e - s) / BIN_BP * 2**r)}\n" for c, s, e, r in _bins())
    return "chrom\tstart\tend\tcounts\n" + rows


def _wig() -> str:
    lines, before = [], ""
    for chrom, start, end, ratio in _bins():
        if chrom != before:
            lines.append(f"fixedStep chrom={chrom} start=1 step={BIN_BP} span={BIN_BP}")
            before = chrom
        if end - start == BIN_BP:
            lines.append(str(round(5000 * 2**ratio)))
    return "\n".join(lines) + "\n"


def _array() -> str:
    draw = np.random.default_rng(6)
    lines = ["Name\tChr\tPosition\tS.GType\tS.Log R Ratio\tS.B Allele Freq"]
    for number, (chrom, start, _, _) in enumerate(_bins()):
        for half in (1, 400_001):
            if start + half <= GENOME.length_bp[GENOME.names.index(chrom)]:
                kind = ("AA", "AB", "BB")[int(draw.integers(3))]
                share = {"AA": 0.0, "AB": 0.5, "BB": 1.0}[kind] + draw.normal(0.0, 0.02)
                ratio = draw.normal(0.0, 0.15)
                cells = (f"rs{number}_{half}", chrom[3:], start + half, kind, f"{ratio:.4f}")
                lines.append("\t".join(map(str, cells)) + f"\t{min(max(share, 0.0), 1.0):.4f}")
    return "\n".join(lines) + "\n"


def _report() -> str:
    """The array as a FinalReport."""
    rows = [line.split("\t") for line in _array().splitlines()[1:]]
    head = f"[Header]\nGSGT Version\t2.0.4\nNum SNPs\t{len(rows)}\n[Data]\n"
    columns = "SNP Name\tSample ID\tChr\tPosition\tAllele1 - AB\tAllele2 - AB\tGC Score\tLog R Ratio\tB Allele Freq\n"
    return (
        head
        + columns
        + "".join(
            f"{name}\tS\t{chrom}\t{at}\t{kind[0]}\t{kind[1]}\t0.9\t{ratio}\t{share}\n"
            for name, chrom, at, kind, ratio, share in rows
        )
    )


def _array_vcf() -> str:
    """The array as bcftools +gtc2vcf writes it."""
    calls = {"AA": "0/0", "AB": "0/1", "BB": "1/1"}
    rows = [line.split("\t") for line in _array().splitlines()[1:]]
    head = "##fileformat=VCFv4.2\n" + "".join(
        f"##contig=<ID={name},length={length}>\n"
        for name, length in zip(GENOME.names, GENOME.length_bp, strict=True)
    )
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
    return (
        head
        + columns
        + "".join(
            f"chr{chrom}\t{at}\t{name}\tA\tG\t.\t.\tALLELE_A=0;ALLELE_B=1\tGT:BAF:LRR\t{calls[kind]}:{share}:{ratio}\n"
            for name, chrom, at, kind, ratio, share in rows
        )
    )


def _gc_track() -> str:
    return "".join(f"{c}\t{s}\t{e}\t{0.41 + 0.1 * r:.4f}\n" for c, s, e, r in _bins())


def _dilution() -> str:
    rows = ((1e3, 10, 1), (1e4, 10, 4), (1e5, 10, 9))
    return "group,dose_cells,tested,positive\n" + "".join(f"product,{d:g},{n},{k}\n" for d, n, k in rows)


FILES: dict[str, Callable[[], str]] = {
    "nsc.cnr": _cnr,
    "nsc.regions.bed": _mosdepth,
    "nsc.counts.tsv": _counts,
    "nsc.wig": _wig,
    "array.txt": _array,
    "report.txt": _report,
    "array.vcf": _array_vcf,
    "gc.bed": _gc_track,
    "dilution.csv": _dilution,
}

# What the command line is, with `{}` for the file in question; every other file is sound.
SOURCES: dict[str, tuple[str, ...]] = {
    "nsc.bam": ("{}",),
    "bank.bam": ("nsc.bam", "--parent", "{}"),
    "nsc.cnr": ("{}",),
    "nsc.regions.bed": ("{}",),
    "nsc.counts.tsv": ("{}",),
    "nsc.wig": ("{}",),
    "array.txt": ("{}",),
    "report.txt": ("{}",),
    "array.vcf": ("{}",),
    "nsc.vcf.gz": ("nsc.cnr", "--snps", "{}"),
}
# Blocks of a manifest, with `{}` for the file in question.
BLOCKS: dict[str, str] = {
    "gband.csv": "metaphases: {}",
    "passages.csv": "culture: {{passages: {}}}",
    "ddpcr.csv": "residual: [{{assay: ddpcr-lin28, file: {}}}]",
    "animals.csv": "tumorigenicity: {{animals: {}}}",
    "dilution.csv": "tumorigenicity: {{dilution: {}}}",
    "trap.csv": "telomerase: {{plate: {}, layout: layout.csv}}",
    "layout.csv": "telomerase: {{plate: trap.csv, layout: {}}}",
    "observations.csv": "observations: {}",
    "gc.bed": "sequencing: {{sample: nsc.bam, gc_track: {}}}",
}


def arguments_for(folder: Path, name: str, file: str) -> list[str]:
    """Command line of `analyze` without OUT, in which `file` stands where the sound file `name` would."""
    if name in SOURCES:
        words = [word.format(file) for word in SOURCES[name]]
        return [word if word.startswith("--") else str(folder / word) for word in words]
    manifest = folder / "case.yaml"
    manifest.write_text(f"lot: CASE\n{BLOCKS[name].format(file)}\n", encoding="utf-8")
    return [str(manifest)]


def contents(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, hidden ones too, by relative name; folders end in a slash."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found[f"{name}/"] = ""
    return found


@contextmanager
def unchanged(*folders: Path) -> Iterator[None]:
    """Nothing below the folders is made, changed or removed meanwhile."""
    before = [contents(folder) for folder in folders]
    yield
    assert [contents(folder) for folder in folders] == before


def refusal(arguments: list[str], capfd: pytest.CaptureFixture[str], *folders: Path) -> tuple[int, list[str]]:
    """Exit code and error codes of a command that must refuse and leave the folders as they are."""
    capfd.readouterr()
    with unchanged(*folders):
        code = run(arguments)
    out, err = capfd.readouterr()
    assert code in (2, 3), err
    assert out == ""
    assert "Traceback" not in err
    assert "[E::" not in err.replace("found:    no reference; [E::", "")
    codes = FIVE_PARTS.findall(err)
    assert codes
    assert set(codes) <= CODES.keys()
    rest = FIVE_PARTS.sub("", err).strip()
    assert rest == "", f"more than refusals on stderr: {rest}"
    return code, codes
