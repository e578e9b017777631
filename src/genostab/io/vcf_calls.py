"""Copy-number calls as VCF 4.4 with a tabix index."""

from __future__ import annotations

import math
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from genostab.arrays import Genome

_ALT = {"gain": "<DUP>", "loss": "<DEL>", "cnloh": "<CNV:LOH>"}
_SAMPLE = re.compile(r"[^\x00-\x20\x7f]+")
_META = (
    '##ALT=<ID=DUP,Description="Region of elevated copy number">',
    '##ALT=<ID=DEL,Description="Region of lowered copy number">',
    '##ALT=<ID=CNV:LOH,Description="Loss of heterozygosity without change of copy number">',
    '##FILTER=<ID=rejected,Description="Found but not reported; INFO/REASON says why">',
    '##INFO=<ID=END,Number=1,Type=Integer,Description="End position of the variant">',
    '##INFO=<ID=SVLEN,Number=A,Type=Integer,Description="Length of structural variant">',
    '##INFO=<ID=CIPOS,Number=2,Type=Integer,Description="Confidence interval around POS">',
    '##INFO=<ID=CIEND,Number=2,Type=Integer,Description="Confidence interval around END">',
    '##INFO=<ID=SVCLAIM,Number=A,Type=String,Description="Claim of the call: D is abundance">',
    '##INFO=<ID=ORIGIN,Number=1,Type=String,Description="acquired, inherited or unknown, against the parent">',
    '##INFO=<ID=REASON,Number=1,Type=String,Description="Why the call is not reported">',
    '##FORMAT=<ID=CN,Number=1,Type=Float,Description="Copy number in the cells that carry the change">',
    '##FORMAT=<ID=CF,Number=1,Type=Float,Description="Fraction of cells that carry the change">',
    '##FORMAT=<ID=CFL,Number=1,Type=Float,Description="Lower bound of CF">',
    '##FORMAT=<ID=CFH,Number=1,Type=Float,Description="Upper bound of CF">',
)
_PERCENT = {character: f"%{ord(character):02X}" for character in "%:;=,\t\n\r"}


@dataclass(frozen=True, kw_only=True)
class VcfCall:
    """One call; start and end 0-based half-open bp, fractions 0..1, None where unknown.

    chrom : int, index into Genome.names; id : str, unique in the file
    copy_number : in the cells that carry the change; origin : acquired, inherited or unknown
    reason : why the call is rejected, "" where it is reported
    start_low, start_high, end_low, end_high : intervals of start and end, None where not estimated
    """

    id: str
    chrom: int
    start: int
    end: int
    kind: Literal["gain", "loss", "cnloh"]
    copy_number: float | None
    cell_fraction: float | None
    cell_fraction_low: float | None
    cell_fraction_high: float | None
    origin: Literal["acquired", "inherited", "unknown"]
    reason: str
    start_low: int | None = None
    start_high: int | None = None
    end_low: int | None = None
    end_high: int | None = None


def calls_vcf(genome: Genome, sample: str, records: Sequence[VcfCall]) -> tuple[bytes, bytes]:
    """BGZF-compressed VCF 4.4 of calls, sorted, and its tabix index.

    Parameters
    ----------
    genome : Genome
    sample : str, without spaces
    records : sequence of VcfCall, empty where nothing was found

    Returns
    -------
    (vcf_gz, tbi) : bytes, bytes

    Raises
    ------
    ValueError
        Where a record is not on its chromosome, its id repeats, or the sample name holds spaces.

    Notes
    -----
    VCF 4.4, sections 1.4.5, 3 and 4: SVLEN is positive and Number=A, SVCLAIM is D, END is written for older readers,
    CN is a Float. POS is the base before the event. An event that begins with base 1 has no such base; it is written
    from base 2 (POS=1): htslib warns of POS=0, and bcftools 1.16 then misses the record in region queries. REF is N:
    the reference base is not known here.
    """
    import pysam

    text = vcf_text(genome, sample, records)
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder, "calls.vcf"), Path(folder, "calls.vcf.gz")
        plain.write_bytes(text.encode())
        pysam.tabix_compress(str(plain), str(packed), force=True)
        pysam.tabix_index(str(packed), preset="vcf", force=True)
        return packed.read_bytes(), Path(f"{packed}.tbi").read_bytes()


def vcf_text(genome: Genome, sample: str, records: Sequence[VcfCall]) -> str:
    """The VCF of `calls_vcf` as text."""
    if not _SAMPLE.fullmatch(sample):
        raise ValueError(f"no sample name for a VCF: {sample!r}")
    if len({record.id for record in records}) != len(records):
        raise ValueError("two calls have the same id")
    contigs = [
        f"##contig=<ID={name},length={length},assembly={genome.assembly}>"
        for name, length in zip(genome.names, genome.length_bp.tolist(), strict=True)
    ]
    header = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", sample)
    ordered = sorted(records, key=lambda record: (record.chrom, record.start, record.end, record.id))
    lines = ["##fileformat=VCFv4.4", "##source=genostab", *contigs, *_META, "\t".join(header)]
    lines += [_line(genome, record) for record in ordered]
    return "\n".join(lines) + "\n"


def _line(genome: Genome, record: VcfCall) -> str:
    if not 0 <= record.start < record.end <= int(genome.length_bp[record.chrom]):
        raise ValueError(f"not on its chromosome: {record}")
    if not re.fullmatch(r"[^\s;,]+", record.id):
        raise ValueError(f"no VCF identifier: {record.id!r}")
    position = max(record.start, 1)
    info = f"END={record.end};SVLEN={record.end - position};SVCLAIM=D;ORIGIN={record.origin}"
    if record.start_low is not None and record.start_high is not None:
        info += f";CIPOS={max(record.start_low, 1) - position},{max(record.start_high, 1) - position}"
    if record.end_low is not None and record.end_high is not None:
        info += f";CIEND={record.end_low - record.end},{record.end_high - record.end}"
    if record.reason:
        info += f";REASON={''.join(_PERCENT.get(character, character) for character in record.reason)}"
    values = (record.copy_number, record.cell_fraction, record.cell_fraction_low, record.cell_fraction_high)
    return "\t".join(
        (
            genome.names[record.chrom],
            str(position),
            record.id,
            "N",
            _ALT[record.kind],
            ".",
            "rejected" if record.reason else "PASS",
            info,
            "CN:CF:CFL:CFH",
            ":".join(_number(value) for value in values),
        )
    )


def _number(value: float | None) -> str:
    """Text of a Float that its 32 bits hold, "." where unknown."""
    return "." if value is None or math.isnan(value) else f"{value:.7g}"
