"""CRAM as a stream of uncompressed BAM, decoded apart by htslib, with no field more than counting needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from genostab.errors import GenostabError, InputError

_TO_BAM = "import sys, pysam; pysam.view(*sys.argv[1:], catch_stdout=False)"
_DAMAGE_CODES = ("GS-2003", "GS-2004", "GS-2102")
# Bits of htslib's sam_fields (htslib/sam.h): FLAG, RNAME, POS, MAPQ, TLEN; none of them needs the reference.
_PLACE_FIELDS = 0x002 | 0x004 | 0x008 | 0x010 | 0x100
_SEQUENCE_FIELD = 0x200
_ALLELE_FIELDS = _SEQUENCE_FIELD | 0x020 | 0x040 | 0x080 | 0x400  # and CIGAR, RNEXT, PNEXT, QUAL


@contextmanager
def cram_as_bam(
    path: Path, reference: Path | None, *, with_bases: bool, with_alleles: bool = False
) -> Iterator[IO[bytes]]:
    """BGZF stream of the records of a CRAM, without names and tags.

    Parameters
    ----------
    path : Path
    reference : Path or None, FASTA
    with_bases : bool, decode the bases, for which most CRAMs need the FASTA
    with_alleles : bool, decode the bases, their qualities, CIGAR and the mate's place

    Raises
    ------
    InputError
        GS-2102 where the CRAM is damaged, GS-2103 where its reference is missing; what the reader of the stream
        refuses, where the decoder has nothing to say.
    """
    fields = _PLACE_FIELDS | (_SEQUENCE_FIELD if with_bases else 0) | (_ALLELE_FIELDS if with_alleles else 0)
    command = [sys.executable, "-c", _TO_BAM, "-u", "--input-fmt-option", f"required_fields={fields:#x}"]
    if reference is not None:
        command += ["-T", str(reference)]
    with subprocess.Popen(
        [*command, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"REF_PATH": ":", "REF_CACHE": ":"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield process.stdout
        except GenostabError as error:
            # With nobody to read, the decoder ends by itself, after it has said what it lacks.
            process.stdout.close()
            complaint = process.stderr.read().decode(errors="replace")
            told = cram_refusal(path, reference, complaint)
            # A missing reference comes before anything else; damage is what the decoder complained of.
            if complaint and (told.code == "GS-2103" or error.code in _DAMAGE_CODES):
                raise told from None
            raise
        complaint = process.stderr.read().decode(errors="replace")
        if process.wait() != 0 or "[E::" in complaint:
            raise cram_refusal(path, reference, complaint)


def cram_refusal(path: Path, reference: Path | None, complaint: str) -> InputError:
    """The error behind a complaint of htslib: GS-2103 for a missing reference, GS-2102 for anything else."""
    lines = [line for line in complaint.splitlines() if "[E::" in line] or complaint.splitlines()[-1:]
    first = lines[0] if lines else "the decoder stopped"
    if any(word in complaint for word in ("reference", "cram_get_ref", "fai_", "M5")):
        return InputError(
            "GS-2103",
            what="the CRAM needs its reference sequence",
            where=str(path),
            found=f"{'reference ' + str(reference) if reference else 'no reference'}; {first}",
            expected="the FASTA that the CRAM was written against",
            action="give it with --reference FASTA, or count without bases first (genostab count --no-gc)",
        )
    return InputError(
        "GS-2102",
        what="the CRAM cannot be decoded",
        where=str(path),
        found=first,
        expected="a whole CRAM",
        action="copy it again",
    )
