"""The genome of the made-up lot: chromosomes, calls, bins with noise, and limits of detection."""

from __future__ import annotations

import numpy as np

from genostab.report.document import GenomeTrack
from genostab.results import Call, Estimate, Sensitivity

# GRCh38 lengths in Mb, rounded
CHROMS = {
    "chr1": 248.956422,
    "chr2": 242.193529,
    "chr3": 198.295559,
    "chr4": 190.214555,
    "chr5": 181.538259,
    "chr6": 170.805979,
    "chr7": 159.345973,
    "chr8": 145.138636,
    "chr9": 138.394717,
    "chr10": 133.797422,
    "chr11": 135.086622,
    "chr12": 133.275309,
    "chr13": 114.364328,
    "chr14": 107.043718,
    "chr15": 101.991189,
    "chr16": 90.338345,
    "chr17": 83.257441,
    "chr18": 80.373285,
    "chr19": 58.617616,
    "chr20": 64.444167,
    "chr21": 46.709983,
    "chr22": 50.818468,
    "chrX": 156.040895,
}
CENTROMERES = {"chr1": 123.4, "chr8": 45.2, "chr12": 35.5, "chr17": 25.1, "chr20": 28.1, "chrX": 61.0}


def fraction(
    estimate: float | None, low: float | None, high: float | None, n: int = 0, **more: object
) -> Estimate:
    fields: dict[str, object] = {"unit": "fraction", "level": 0.95, "method": "exact binomial", **more}
    return Estimate(estimate=estimate, low=low, high=high, n=n, **fields)  # type: ignore[arg-type]


CALLS = (
    Call(
        chrom="chr1",
        start=143_200_000,
        end=248_956_422,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.118, 0.094, 0.142, 2000, method="segment mean"),
        ratio_log2=0.0827,
        n_bins=2114,
        n_snps=8120,
        score=14.2,
        q_value=3.1e-9,
        origin="acquired",
        hotspot="1q gain",
        bands="1q21.1-q44",
        iscn="sseq[GRCh38] 1q21.1q44(143200001_248956422)x2~3",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr20",
        start=31_350_000,
        end=33_900_000,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.31, 0.262, 0.358, 51, method="segment mean"),
        ratio_log2=0.2077,
        n_bins=51,
        n_snps=402,
        score=21.7,
        q_value=2e-14,
        origin="acquired",
        hotspot="20q11.21 gain",
        bands="20q11.21",
        iscn="sseq[GRCh38] 20q11.21(31350001_33900000)x2~3",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr18",
        start=48_000_000,
        end=80_373_285,
        kind="loss",
        copy_number=1,
        cell_fraction=fraction(0.22, 0.195, 0.245, 640, method="segment mean"),
        ratio_log2=-0.168,
        n_bins=640,
        n_snps=2950,
        score=18.9,
        q_value=1e-12,
        origin="acquired",
        hotspot="18q loss",
        bands="18q21.1-q23",
        iscn="sseq[GRCh38] 18q21.1q23(48000001_80373285)x1~2",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr9",
        start=60_000,
        end=21_900_000,
        kind="cnloh",
        copy_number=2,
        cell_fraction=fraction(0.47, 0.44, 0.5, 1810, method="allele shift"),
        ratio_log2=0.004,
        n_bins=430,
        n_snps=1810,
        score=33.0,
        q_value=1e-20,
        origin="inherited",
        hotspot="",
        bands="9p24.3-p21.3",
        iscn="",
        reported=True,
        reason="",
    ),
    Call(
        chrom="chr14",
        start=105_600_000,
        end=106_800_000,
        kind="loss",
        copy_number=1,
        cell_fraction=fraction(0.5, 0.37, 0.63, 24),
        ratio_log2=-0.41,
        n_bins=24,
        n_snps=33,
        score=6.1,
        q_value=0.004,
        origin="unknown",
        hotspot="",
        bands="14q32.33",
        iscn="",
        reported=False,
        reason="inside the immunoglobulin heavy-chain locus, masked in every sample",
    ),
    Call(
        chrom="chr4",
        start=68_400_000,
        end=68_650_000,
        kind="gain",
        copy_number=3,
        cell_fraction=fraction(0.9, 0.6, 1.0, 5),
        ratio_log2=0.51,
        n_bins=5,
        n_snps=2,
        score=5.0,
        q_value=0.03,
        origin="inherited",
        hotspot="",
        bands="4q13.2",
        iscn="",
        reported=False,
        reason="q value above the threshold of 0.01; same interval in the parent",
    ),
)


def genome(n_bins: int = 60_000, n_snps: int = 40_000, seed: int = 20) -> GenomeTrack:
    """Bins of equal width with noise, the calls above, a single bad bin, and unused bins at the centromeres."""
    rng = np.random.default_rng(seed)
    names = tuple(CHROMS)
    length = np.array([round(mb * 1e6) for mb in CHROMS.values()], dtype=np.int64)
    width = int(length.sum() // n_bins) + 1
    per_chrom = -(-length // width)
    chrom = np.repeat(np.arange(len(names)), per_chrom)
    rank = np.arange(chrom.size) - np.repeat(np.cumsum(per_chrom) - per_chrom, per_chrom)
    start = rank * width
    end = np.minimum(start + width, length[chrom])
    ratio = rng.normal(0.0, 0.09, chrom.size)
    segments: list[tuple[int, int, int, float]] = []
    marked = [call for call in CALLS if call.reported and call.kind != "cnloh"]
    for i, name in enumerate(names):
        at = 0
        for call in sorted((c for c in marked if c.chrom == name), key=lambda c: c.start):
            inside = (chrom == i) & (start >= call.start) & (start < call.end)
            assert call.ratio_log2 is not None
            ratio[inside] += call.ratio_log2
            segments += [(i, at, call.start, 0.001), (i, call.start, call.end, call.ratio_log2)]
            at = call.end
        if at < length[i] - width:
            segments.append((i, at, int(length[i]), -0.002))
        middle = CENTROMERES.get(name, CHROMS[name] * 0.42) * 1e6
        ratio[(chrom == i) & (np.abs(start - middle) < 1.6e6)] = np.nan
    ratio[int(chrom.size * 0.71)] = 0.95
    snp_chrom = np.sort(rng.choice(len(names), n_snps, p=length / length.sum()))
    position = np.floor(rng.random(n_snps) * length[snp_chrom]).astype(np.int64)
    order = np.lexsort((position, snp_chrom))
    snp_chrom, position = snp_chrom[order], position[order]
    genotype = rng.choice(3, n_snps, p=[0.36, 0.28, 0.36])
    baf = np.clip(genotype / 2 + rng.normal(0, 0.022, n_snps), 0, 1)
    sign = rng.choice([-1.0, 1.0], n_snps)
    for call, shift in zip(CALLS[:4], (0.028, 0.067, 0.055, 0.235), strict=True):
        inside = (snp_chrom == names.index(call.chrom)) & (position >= call.start) & (position < call.end)
        baf = np.where(inside & (genotype == 1), baf + sign * shift, baf)
    columns = list(zip(*segments, strict=True))
    return GenomeTrack(
        chrom_names=names,
        chrom_length_bp=length,
        bin_chrom=chrom.astype(np.int64),
        bin_start=start.astype(np.int64),
        bin_end=end.astype(np.int64),
        bin_ratio_log2=ratio,
        segment_chrom=np.array(columns[0], dtype=np.int64),
        segment_start=np.array(columns[1], dtype=np.int64),
        segment_end=np.array(columns[2], dtype=np.int64),
        segment_mean_log2=np.array(columns[3]),
        snp_chrom=snp_chrom.astype(np.int64),
        snp_position=position,
        snp_baf=baf,
    )


def sensitivity() -> tuple[Sensitivity, ...]:
    """Hotspots and chromosome arms; noise shrinks with the root of the length."""
    places = [
        ("20q11.21", "chr20", 31_300_000, 35_900_000),
        ("1q32 (MDM4)", "chr1", 204_400_000, 204_700_000),
        ("12p", "chr12", 0, 35_500_000),
        ("17q25", "chr17", 72_900_000, 83_257_441),
        ("18q21-qter", "chr18", 45_900_000, 80_373_285),
        ("8q24 (MYC)", "chr8", 126_000_000, 129_500_000),
        ("TP53", "chr17", 7_668_401, 7_687_550),
        ("DMD", "chrX", 31_100_000, 33_300_000),
    ]
    for name, mb in CHROMS.items():
        centre = round(CENTROMERES.get(name, mb * 0.42) * 1e6)
        short = name.removeprefix("chr")
        if short not in {"13", "14", "15", "21", "22"}:
            places.append((f"{short}p", name, 0, centre))
        places.append((f"{short}q", name, centre, round(mb * 1e6)))
    records = []
    for region, chrom, start, end in places:
        for kind, factor in (("gain", 1.0), ("loss", 0.86), ("cnloh", 0.7)):
            value = factor * (0.035 + 0.19 / np.sqrt((end - start) / 1e6))
            blind = value > 1 or (kind == "cnloh" and chrom == "chrX")
            records.append(
                Sensitivity(
                    region=region,
                    chrom=chrom,
                    start=start,
                    end=end,
                    kind=kind,  # type: ignore[arg-type]
                    evidence="allele" if kind == "cnloh" else "both",
                    min_cell_fraction=None if blind else float(value),
                    power=0.95,
                    alpha=0.001,
                )
            )
    return tuple(records)
