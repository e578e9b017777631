"""Figures: nothing lost by thinning, marks where the arithmetic puts them, well-formed SVG."""

from __future__ import annotations

import base64
import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from genostab.report.document import GenomeTrack
from genostab.report.figures import MAX_POINTS, genome_figure, ratio_limit
from genostab.report.sensitivity_figure import best_by_region, sensitivity_figure
from genostab.report.svg import tag
from genostab.report.thinning import column_runs, group_bins, one_per_cell, thin_fractions
from genostab.report.viewer import MAX_BINS, viewer_data
from genostab.report.wording import alleles_text
from genostab.results import CallKind
from tests.report.sample_genome import CALLS, genome, sensitivity

REPORTED = [call for call in CALLS if call.reported]


def drawn(svg: str, name: str) -> str:
    found = re.search(rf'<path d="([^"]*)" class="{name}">', svg)
    assert found is not None
    return found.group(1)


def plain_groups(track: GenomeTrack, size: int) -> list[tuple[int, float, float, float]]:
    """Groups as a loop: chromosome, minimum, median, maximum."""
    groups = []
    for chrom in range(len(track.chrom_names)):
        values = [
            float(v)
            for c, v in zip(track.bin_chrom, track.bin_ratio_log2, strict=True)
            if c == chrom and np.isfinite(v)
        ]
        for i in range(0, len(values), size):
            part = values[i : i + size]
            groups.append((chrom, min(part), float(np.median(part)), max(part)))
    return groups


@pytest.mark.parametrize(("n_bins", "max_groups"), [(5_000, 400), (5_000, 6_000), (300, 100), (40, 30)])
def test_groups_agree_with_a_plain_loop(n_bins: int, max_groups: int) -> None:
    track = genome(n_bins, 10)
    groups = group_bins(track, max_groups)
    assert groups.middle.size <= max_groups
    rows = np.column_stack((groups.chrom, groups.low, groups.middle, groups.high))
    np.testing.assert_allclose(rows, plain_groups(track, groups.size), rtol=0, atol=1e-15)


def test_groups_of_no_bins_are_empty() -> None:
    track = genome(300, 10)
    unused = dataclasses.replace(track, bin_ratio_log2=np.full_like(track.bin_ratio_log2, np.nan))
    assert group_bins(unused, 100).middle.size == 0


@pytest.mark.parametrize("n_bins", [3_000, 5_900, 60_000])
def test_no_panel_draws_more_marks_than_its_bound(n_bins: int) -> None:
    svg = str(genome_figure(genome(n_bins, 40_000), REPORTED))
    spikes = drawn(svg, "range").count("V") if 'class="range"' in svg else 0
    assert drawn(svg, "bin").count("h0") + 2 * spikes <= MAX_POINTS
    assert 0 < drawn(svg, "snp dense").count("V") <= 5 * MAX_POINTS
    assert 'class="snp any"' not in svg  # 40,000 SNPs lie one by one


def test_crowded_allele_fractions_are_drawn_in_two_shades() -> None:
    svg = str(genome_figure(genome(300, 400_000), REPORTED))
    assert drawn(svg, "snp any").count("V") + drawn(svg, "snp dense").count("V") <= 5 * MAX_POINTS
    assert 0 < len(drawn(svg, "snp dense")) < len(svg)


def test_thinned_figure_covers_every_bin() -> None:
    """Each of 60,000 bins lies within a pixel of a drawn bar: what a raster of all dots would ink is inked."""
    track = genome(60_000, 10)
    svg = str(genome_figure(track, ()))
    bars = np.array(re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", drawn(svg, "range")), dtype=np.float64)
    used = np.isfinite(track.bin_ratio_log2)
    panel_left, panel_right, gap, width = 48.0, 70.0, 1.5, 1040.0
    n = len(track.chrom_names)
    per_base = (width - panel_left - panel_right - gap * (n - 1)) / track.chrom_length_bp.sum()
    offset = panel_left + np.concatenate(([0], np.cumsum(track.chrom_length_bp * per_base + gap)[:-1]))
    middle = 0.5 * (track.bin_start[used] + track.bin_end[used])
    x = offset[track.bin_chrom[used]] + middle * per_base
    zero = float(re.search(r'y1="([\d.]+)"[^>]*class="zero"', svg).group(1))  # type: ignore[union-attr]
    y = zero - np.clip(track.bin_ratio_log2[used], -1.2, 1.2) / 2.4 * 250.0
    near = np.clip(np.searchsorted(bars[:, 0], x), 1, len(bars) - 1)
    covered = np.zeros(x.size, dtype=bool)
    for step in (-2, -1, 0, 1):
        bar = bars[np.clip(near + step, 0, len(bars) - 1)]
        covered |= (np.abs(bar[:, 0] - x) <= 1.0) & (bar[:, 1] - 0.2 <= y) & (y <= bar[:, 2] + 0.2)
    assert covered.all()


def test_single_outlier_stays_visible() -> None:
    track = genome(60_000, 10)
    assert np.nanmax(track.bin_ratio_log2) == 0.95
    assert group_bins(track, 2_000).high.max() == 0.95


def test_call_spans_stand_where_their_positions_are() -> None:
    """Two chromosomes of 100 and 50 Mb share 1040 - 48 - 70 - 1.5 = 920.5 px; the call covers 50-75 Mb of the first."""
    call = dataclasses.replace(REPORTED[0], chrom="chrA", start=50_000_000, end=75_000_000)
    zero = np.zeros(2, dtype=np.int64)
    track = GenomeTrack(
        chrom_names=("chrA", "chrB"), chrom_length_bp=np.array([100_000_000, 50_000_000]), bin_chrom=zero,
        bin_start=zero, bin_end=zero + 1, bin_ratio_log2=np.zeros(2),
    )  # fmt: skip
    svg = str(genome_figure(track, [call]))
    left, width = re.search(
        r'x="([\d.]+)" y="[\d.]+" width="([\d.]+)" height="[\d.]+" class="span gain"', svg
    ).groups()  # type: ignore[union-attr]
    assert float(left) == pytest.approx(48 + 920.5 * 2 / 3 * 0.5, abs=0.06)
    assert float(width) == pytest.approx(920.5 * 2 / 3 * 0.25, abs=0.06)


@pytest.mark.parametrize(("ratio", "limit"), [(0.2, 1.2), (1.3, 1.4), (1.0, 1.2), (-5.0, 3.0), (None, 1.2)])
def test_panel_reaches_as_far_as_the_calls(ratio: float | None, limit: float) -> None:
    track = dataclasses.replace(
        genome(300, 10), segment_mean_log2=np.zeros(genome(300, 10).segment_chrom.size)
    )
    assert ratio_limit(track, [dataclasses.replace(REPORTED[0], ratio_log2=ratio)]) == pytest.approx(limit)


def test_labels_of_many_calls_do_not_overlap() -> None:
    calls = [
        dataclasses.replace(REPORTED[1], start=i * 1_000_000, end=i * 1_000_000 + 500_000) for i in range(30)
    ]
    svg = str(genome_figure(genome(300, 10), calls))
    labels = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" class="call middle gain">([^<]*)', svg)
    placed = [(float(x), float(y), len(text) * 6.0) for x, y, text in labels]
    for i, (x, y, width) in enumerate(placed):
        for other_x, other_y, other_width in placed[i + 1 :]:
            assert y != other_y or abs(x - other_x) >= (width + other_width) / 2
    assert f"+ {30 - len(labels)} more in the table" in svg


def test_figures_are_well_formed() -> None:
    for svg in (genome_figure(genome(3_000, 500), REPORTED), sensitivity_figure(sensitivity())):
        root = ElementTree.fromstring(str(svg))
        assert root.tag == "svg"
        assert "nan" not in str(svg)


def test_attribute_and_child_text_is_escaped() -> None:
    element = ElementTree.fromstring(str(tag("g", "<b>\x00", data_x='"><script>&')))
    assert element.get("data-x") == '"><script>&'
    assert element.text == "<b>⟨U+0000⟩"
    assert len(element) == 0


def test_one_per_cell_keeps_one_point_of_each_occupied_cell() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 50, 4_000), rng.uniform(0, 20, 4_000)
    kept = one_per_cell(x, y, 1.0, 10_000)
    cells = {(int(a), int(b)) for a, b in zip(x, y, strict=True)}
    assert {(int(a), int(b)) for a, b in zip(x[kept], y[kept], strict=True)} == cells
    assert kept.size == len(cells)
    assert one_per_cell(x, y, 1.0, 100).size <= 100


def test_every_allele_fraction_lies_in_a_bar() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.uniform(0, 300, 30_000), 50 + 4 * rng.standard_normal(30_000)
    y[:3] = (5.0, 31.0, 97.0)  # outliers
    column, top, bottom = column_runs(x, y, (10.0, 90.0), 0.0)
    for a, b in zip(x, y, strict=True):
        near = np.abs(column - a) <= 0.5
        assert (near & (top <= b) & (b <= bottom)).any()
    dense = column_runs(x, y, (10.0, 90.0), 0.5)
    # Half of the greatest density of a Gaussian is at 1.18 standard deviations; single columns scatter around it.
    assert np.median(np.abs(0.5 * (dense[1] + dense[2]) - 50)) < 1.18 * 4
    assert dense[1].min() > 31.0


def test_two_bands_that_part_are_dark_apart() -> None:
    rng = np.random.default_rng(3)
    x = rng.uniform(0, 50, 40_000)
    y = np.where(rng.random(x.size) < 0.5, 40.0, 60.0) + 3 * rng.standard_normal(x.size)
    _, top, bottom = column_runs(x, y, (10.0, 90.0), 0.5)
    inked = np.zeros(100)
    for a, b in zip(top.astype(int), bottom.astype(int), strict=True):
        inked[a:b] += 1
    assert inked[48:52].max() == 0
    assert min(inked[40], inked[60]) > 40


def test_thinned_allele_fractions_keep_every_outlier() -> None:
    rng = np.random.default_rng(4)
    n = 300_000
    chrom = np.sort(rng.integers(0, 22, n))
    fraction = np.clip(
        rng.choice([0.0, 0.5, 1.0], n, p=[0.35, 0.3, 0.35]) + 0.03 * rng.standard_normal(n), 0, 1
    )
    outliers = rng.choice(n, 40, replace=False)
    fraction[outliers] = np.repeat([0.25, 0.75], 20)
    kept = thin_fractions(chrom, rng.random(n), fraction, 60_000)
    assert kept.size <= 60_000
    assert np.all(np.diff(kept) > 0)
    is_kept = np.isin(outliers, kept)
    assert is_kept.mean() > 0.9  # two outliers of one cell share a mark
    assert (np.abs(fraction[kept] - 0.5) < 0.2).mean() > 0.5  # twice their share of all
    np.testing.assert_array_equal(thin_fractions(chrom, rng.random(n), fraction, n), np.arange(n))


def test_phased_fractions_have_the_colour_of_their_haplotype() -> None:
    track = genome(300, 90)
    phased = dataclasses.replace(track, snp_haplotype=np.tile(np.array([0, 1, 2]), 30))
    svg = str(genome_figure(phased, REPORTED))
    counts = [drawn(svg, name).count("h0") for name in ("snp", "snp first", "snp second")]
    assert sum(counts) == 90
    assert min(counts) > 0
    assert [sum(part["per_chrom"]) for part in viewer_data(phased, REPORTED)["snps"]] == counts


def test_copies_of_either_allele_are_means_over_the_cells() -> None:
    gain = next(call for call in REPORTED if (call.kind, call.copy_number) == ("gain", 3))
    half = dataclasses.replace(gain, cell_fraction=dataclasses.replace(gain.cell_fraction, estimate=0.5))
    svg = str(genome_figure(genome(300, 90), (half,)))
    assert "2 + 1: 1.50 copies of the major allele on average" in svg
    assert "2 + 1: 1.00 copies of the minor allele on average" in svg


@pytest.mark.parametrize(
    ("kind", "copies", "chrom", "expected"),
    [
        ("gain", 3, "chr12", "2 + 1"), ("loss", 1, "chr1", "1 + 0"), ("loss", 0, "chr1", "0 + 0"),
        ("cnloh", 2, "chr20", "2 + 0"), ("cnloh", 2, "chrX", "2 + 0"), ("gain", 4, "chr1", ""),
        ("gain", 2, "chrX", ""), ("loss", 0, "chrY", ""),
    ],
)  # fmt: skip
def test_copies_of_either_allele_in_words(kind: CallKind, copies: int, chrom: str, expected: str) -> None:
    call = dataclasses.replace(REPORTED[0], kind=kind, copy_number=copies, chrom=chrom)
    assert alleles_text(call) == expected


def test_viewer_values_round_trip() -> None:
    track = genome(20_000, 3_000)
    packed = viewer_data(track, REPORTED)["bins"]
    position = np.frombuffer(base64.b64decode(packed["position"]), dtype="<u2") / 65_535
    value = np.frombuffer(base64.b64decode(packed["value"]), dtype="<i2") / 10_000
    used = np.isfinite(track.bin_ratio_log2)
    chrom = np.repeat(np.arange(len(track.chrom_names)), packed["per_chrom"])
    np.testing.assert_array_equal(chrom, track.bin_chrom[used])
    middle = 0.5 * (track.bin_start[used] + track.bin_end[used])
    assert np.abs(position * track.chrom_length_bp[chrom] - middle).max() <= 249e6 / 65_535 / 2 + 1
    assert np.abs(value - track.bin_ratio_log2[used]).max() <= 5.1e-5


def test_viewer_keeps_its_bound() -> None:
    packed = viewer_data(genome(200_000, 100), ())
    assert sum(packed["bins"]["per_chrom"]) <= MAX_BINS
    assert packed["group"] == 4


def test_best_evidence_of_a_region_counts() -> None:
    record = sensitivity()[0]
    rows = best_by_region(
        [
            dataclasses.replace(record, evidence="depth", min_cell_fraction=0.3),
            dataclasses.replace(record, evidence="both", min_cell_fraction=0.1),
            dataclasses.replace(record, evidence="allele", min_cell_fraction=None),
            dataclasses.replace(record, kind="cnloh", evidence="depth", min_cell_fraction=None),
        ]
    )
    assert [row.fraction for row in rows] == [{"gain": 0.1, "cnloh": None}]


def test_sensitivity_bars_are_on_a_log_axis() -> None:
    """From 2 % to 100 % an edge at 10 % stands at log(5)/log(50) of the axis."""
    record = sensitivity()[0]
    svg = str(
        sensitivity_figure(
            [
                dataclasses.replace(record, min_cell_fraction=0.1),
                dataclasses.replace(record, region="x", min_cell_fraction=0.03),
            ]
        )
    )
    ticks = [float(x) for x in re.findall(r'<text x="([\d.]+)" y="16" class="tick middle">', svg)]
    edge = float(re.findall(r'<line x1="([\d.]+)"[^>]*class="edge gain"', svg)[0])
    share = (edge - ticks[0]) / (ticks[-1] - ticks[0])
    assert share == pytest.approx(np.log(5) / np.log(50), abs=1e-3)
