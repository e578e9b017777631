"""Heterozygous SNPs with Gaussian noise: an allele signal whose likelihood ratios are known in closed form."""

from __future__ import annotations

import numpy as np

from genostab.arrays import Bool, Float64, Genome
from genostab.karyotype.allele_signal import AlleleSignal, remembered

SD = 0.035
STEP = 0.001


def gaussian_signal(
    genome: Genome,
    n_per_chrom: int,
    *,
    sd: float = SD,
    seed: int = 0,
    shift: tuple[int, int, int, float] | None = None,
    linked: bool = False,
    place_sd: float = 0.0,
) -> AlleleSignal:
    """Evenly spaced SNPs of 22 autosomes; SNPs first..last of a chromosome out of balance: (chrom, first, last, shift).

    With `linked` all shifts have one sign, without either sign is as likely.
    """
    rng = np.random.default_rng(seed)
    chrom = np.repeat(np.arange(22, dtype=np.int16), n_per_chrom)
    spacing = genome.length_bp[:22] / (n_per_chrom + 1)
    index = np.tile(np.arange(n_per_chrom), 22)
    x = rng.normal(0.0, sd, chrom.size)
    if shift is not None:
        inside = (chrom == shift[0]) & (index >= shift[1]) & (index < shift[2])
        sign = 1.0 if linked else rng.choice([-1.0, 1.0], chrom.size)
        x += np.where(inside, sign * shift[3], 0.0)
    shown = np.arange(-1.0, 1.0, STEP) + STEP / 2.0
    always: Bool = np.full(chrom.size, linked)
    first = np.concatenate(([True], np.diff(chrom) > 0))

    def of_symbols(shifts: tuple[float, ...], scale: float) -> Float64:
        away = (shown[:, np.newaxis] - np.array(shifts)) / (sd * scale)
        return np.asarray(-0.5 * away**2 - np.log(sd * scale))

    log_likelihood, either_sign = remembered(of_symbols)
    return AlleleSignal(
        chrom=chrom,
        position=((index + 1) * spacing[chrom]).astype(np.int64),
        symbol=np.clip(np.floor((x + 1.0) / STEP), 0, shown.size - 1).astype(np.int32),
        group=np.zeros(shown.size, dtype=np.int64),
        phased=always,
        linked=always & ~first if linked else None,
        log_likelihood=log_likelihood,
        either_sign=either_sign,
        variance=sd**2,
        spread=((500, place_sd),),
    )


def shown_by(signal: AlleleSignal) -> Float64:
    """Deviation of each SNP, as its symbol says."""
    return np.asarray((signal.symbol + 0.5) * STEP - 1.0)
