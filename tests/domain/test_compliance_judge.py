"""Verdicts written by hand from the rules of the sources, and the rules of doubt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from mpmath import mp, mpf

from genostab.compliance.endotoxin import endotoxin_limit
from genostab.compliance.judge import Verdict, judge, overall, verdict_row
from genostab.compliance.profile import Criterion, Profile, load_profile
from genostab.errors import UsageError
from genostab.results import Control, Estimate, Measurement

KEIO = load_profile("keio-sci-2021")
CN = load_profile("cn-nsc-2021")
SOUND = {"cell_fraction_lod": 0.1, "resolution_bp": 10_000.0}


@dataclass(frozen=True)
class Dose:
    route: str | None = "intrathecal"
    volume_ml: float | None = 10.0
    body_weight_kg: float | None = 70.0


def number(
    value: float | None,
    unit: str = "fraction",
    n: int = 1000,
    low: float | None = None,
    high: float | None = None,
    **more: object,
) -> Estimate:
    known = {"level": 0.95, "method": "test", **more}
    return Estimate(estimate=value, low=low, high=high, unit=unit, n=n, **known)  # type: ignore[arg-type]


def measured(metric: str, estimate: Estimate | None = None, **more: object) -> Measurement:
    return Measurement(metric=metric, estimate=estimate, source="sheet.csv:2", **more)  # type: ignore[arg-type]


def verdict_of(
    criterion: str, *measurements: Measurement, profile: Profile = KEIO, dose: Dose | None = None
) -> Verdict:
    verdicts = judge(profile, measurements, stage=None, dose=dose)
    return next(verdict for verdict in verdicts if verdict.criterion == criterion)


def zero_of(n: int) -> float:
    """Exact one-sided 95 % upper bound of 0 positives of n: 1 - 0.05^(1/n)."""
    with mp.workdps(50):
        return float(1 - mpf("0.05") ** (mpf(1) / n))


FLOW = "residual.flow-tra160.frequency"
ICC = "residual.oct4_icc"
GBAND = "karyotype.normal_fraction_g_band"
CLONES = "karyotype.clonal_abnormalities"
SOX1_DCT = "marker.sox1_dct"
RECURRENT = "cnv.acquired_recurrent_count"

CASES = [
    # Keio: 90 % normal of 20 or more metaphases, on the count
    ("KARYO_NORM_GBAND", measured(GBAND, number(0.95, n=20, low=0.751, high=0.999)), "PASS"),
    ("KARYO_NORM_GBAND", measured(GBAND, number(0.90, n=20)), "PASS"),
    ("KARYO_NORM_GBAND", measured(GBAND, number(90.0, "%", n=20)), "PASS"),
    ("KARYO_NORM_GBAND", measured(GBAND, number(0.85, n=20)), "FAIL"),
    ("KARYO_NORM_GBAND", measured(GBAND, number(1.0, n=19)), "INDETERMINATE"),
    ("KARYO_NORM_GBAND", measured(GBAND, number(0.5, n=2)), "FAIL"),
    # Keio: no clone; a count of zero in too few cells shows nothing
    ("KARYO_CLONE", measured(CLONES, number(0.0, "count", n=20)), "PASS"),
    ("KARYO_CLONE", measured(CLONES, number(1.0, "count", n=20)), "FAIL"),
    ("KARYO_CLONE", measured(CLONES, number(0.0, "count", n=5)), "INDETERMINATE"),
    # Keio: at most 4 % of 100 or more
    ("TETRA", measured("karyotype.tetraploid_fraction", number(0.04, n=100)), "PASS"),
    ("TETRA", measured("karyotype.tetraploid_fraction", number(0.05, n=100)), "FAIL"),
    ("TETRA", measured("karyotype.tetraploid_fraction", number(0.0, n=99)), "INDETERMINATE"),
    # Keio: at most 10 cycles; cycles may be negative
    ("SOX1_DCT", measured(SOX1_DCT, number(-0.4, "cycles")), "PASS"),
    ("SOX1_DCT", measured(SOX1_DCT, number(10.1, "cycles")), "FAIL"),
    # Keio: ddCt of 7.643 or more
    ("OCT4_DDCT", measured("residual.oct4_ddct", number(7.66, "cycles")), "PASS"),
    ("OCT4_DDCT", measured("residual.oct4_ddct", number(7.64, "cycles")), "FAIL"),
    # Keio: 0.01 %, on the 95 % bound, with a limit of detection that reaches it
    ("TRA160_FCM", measured(FLOW, number(0.0, n=300_000, high=9.985724387502285e-06, lod=1e-4)), "PASS"),
    (
        "TRA160_FCM",
        measured(FLOW, number(None, n=29_956, high=zero_of(29_956), status="not_detected", lod=1e-4)),
        "PASS",
    ),
    (
        "TRA160_FCM",
        measured(FLOW, number(None, n=29_955, high=zero_of(29_955), status="not_detected", lod=1e-4)),
        "INDETERMINATE",
    ),
    ("TRA160_FCM", measured(FLOW, number(0.0, n=20_000, high=zero_of(20_000), lod=1e-4)), "INDETERMINATE"),
    (
        "TRA160_FCM",
        measured(FLOW, number(0.0, n=300_000, high=9.985724387502285e-06, lod=1e-3)),
        "INDETERMINATE",
    ),
    ("TRA160_FCM", measured(FLOW, number(0.0, n=300_000, high=9.985724387502285e-06)), "INDETERMINATE"),
    (
        "TRA160_FCM",
        measured(FLOW, number(1e-5, n=300_000, low=2e-6, high=2.5845316992528456e-05, lod=1e-4)),
        "PASS",
    ),
    (
        "TRA160_FCM",
        measured(FLOW, number(1.2e-4, n=100_000, low=6.2e-5, high=1.944184581475167e-04, lod=1e-4)),
        "INDETERMINATE",
    ),
    ("TRA160_FCM", measured(FLOW, number(1e-3, n=100_000, low=8e-4, high=1.2e-3, lod=1e-3)), "FAIL"),
    ("TRA160_FCM", measured(FLOW, number(1e-5, lod=1e-4)), "INDETERMINATE"),
    ("TRA160_FCM", measured(FLOW, number(0.0, n=300_000, high=1e-5, lod=1e-4, level=0.68)), "INDETERMINATE"),
    ("TRA160_FCM", measured(FLOW, number(None, status="not_detected", lod=1e-5)), "INDETERMINATE"),
    ("TRA160_FCM", measured(FLOW, number(0.0, n=300_000, high=1e-5, lod=0.0)), "INDETERMINATE"),
    # Keio: 0.0005 %; 599,145 cells are the fewest that show it with none positive
    ("OCT4_ICC", measured(ICC, number(0.0, n=599_145, high=zero_of(599_145), lod=5e-6)), "PASS"),
    ("OCT4_ICC", measured(ICC, number(0.0, n=599_144, high=zero_of(599_144), lod=5e-6)), "INDETERMINATE"),
    # Keio: at most 5 changes of 10 kb or more
    ("CNV_N", measured("cnv.acquired_count", number(5.0, "count"), facts=SOUND), "PASS"),
    ("CNV_N", measured("cnv.acquired_count", number(6.0, "count"), facts=SOUND), "FAIL"),
    (
        "CNV_N",
        measured("cnv.acquired_count", number(0.0, "count"), facts={**SOUND, "resolution_bp": 1e6}),
        "INDETERMINATE",
    ),
    ("CNV_N", measured("cnv.acquired_count", number(7.0, "count"), facts={"resolution_bp": 1e6}), "FAIL"),
    ("CNV_N", measured("cnv.acquired_count", number(0.0, "count")), "INDETERMINATE"),
    # StemCNV-check: any call in a recurrent region
    ("CNV_HOT", measured(RECURRENT, number(0.0, "count"), facts=SOUND), "PASS"),
    ("CNV_HOT", measured(RECURRENT, number(0.0, "count")), "INDETERMINATE"),
    ("CNV_HOT", measured(RECURRENT, number(0.0, "count"), facts={"cell_fraction_lod": 0.3}), "INDETERMINATE"),
    ("CNV_HOT", measured(RECURRENT, number(1.0, "count")), "FAIL"),
    # words
    ("VIRUS_HIV", measured("virus.hiv", text="Not  detected"), "PASS"),
    ("VIRUS_HIV", measured("virus.hiv", text="阴性"), "PASS"),
    ("VIRUS_HIV", measured("virus.hiv", text="positive"), "FAIL"),
    ("VIRUS_HIV", measured("virus.hiv", text="negative?"), "INDETERMINATE"),
    ("VIRUS_HIV", measured("virus.hiv", number(None, "category", n=0, status="not_detected")), "PASS"),
    ("VIRUS_HIV", measured("virus.hiv", number(0.0, "count", n=0)), "INDETERMINATE"),
    ("VIRUS_HIV", measured("virus.hiv", number(3.0, "count"), text="negative"), "FAIL"),
    ("VIRUS_HIV", measured("virus.hiv", number(None, status="below_loq")), "INDETERMINATE"),
    ("BACKCULT", measured("back_culture", number(0.0, "count", n=1_000_000)), "PASS"),
    ("DIFF_G", measured("differentiation.glia", text="positive"), "PASS"),
    ("DIFF_G", measured("differentiation.glia", text="negative"), "FAIL"),
    ("DIFF_G", measured("differentiation.glia", text="conforms"), "INDETERMINATE"),
    ("MORPH", measured("morphology", text="Neurosphere, no significant mixture of adherent cells"), "PASS"),
    ("MORPH", measured("morphology", text="conforms"), "PASS"),
    ("MORPH", measured("morphology", text="does not conform"), "FAIL"),
    ("MORPH", measured("morphology", text="flat cells"), "INDETERMINATE"),
    # stated as "> 95 %" and "> 85 %"
    ("SOX1_FCM", measured("marker.sox1_fcm", number(None, low=0.95)), "PASS"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(None, low=0.85)), "INDETERMINATE"),
    # no limit
    ("CYCLE", measured("cell_cycle.s_phase", number(0.128)), "REPORT"),
    ("CYCLE", measured("cell_cycle.s_phase", number(None, status="not_computed")), "INDETERMINATE"),
    # doubt
    ("SOX1_FCM", measured("marker.sox1_fcm"), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", text="95"), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(95.0)), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(0.95, "count")), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number("0.95")), "INDETERMINATE"),  # type: ignore[arg-type]
    ("SOX1_FCM", measured("marker.sox1_fcm", number(True)), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(0.95, n="20")), "INDETERMINATE"),  # type: ignore[arg-type]
    ("SOX1_FCM", measured("marker.sox1_fcm", number(0.95, low=0.97, high=0.99)), "INDETERMINATE"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(None, status="not_detected", lod=0.01)), "FAIL"),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(None, status="not_detected")), "INDETERMINATE"),
    ("CNV_CN", measured("cnv.max_copy_number", number(-1.0, "count"), facts=SOUND), "INDETERMINATE"),
    # controls
    (
        "SOX1_FCM",
        measured("marker.sox1_fcm", number(0.95), controls=(Control(name="FMO", passed=False, detail="x"),)),
        "INVALID",
    ),
    ("SOX1_FCM", measured("marker.sox1_fcm", number(0.5, status="invalid")), "INVALID"),
    (
        "CYCLE",
        measured(
            "cell_cycle.s_phase", number(0.1), controls=(Control(name="CV", passed=False, detail="9 %"),)
        ),
        "INVALID",
    ),
]


@pytest.mark.parametrize(("criterion", "measurement", "expected"), CASES)
def test_the_verdict_is_the_one_the_source_gives(
    criterion: str, measurement: Measurement, expected: str
) -> None:
    assert verdict_of(criterion, measurement).verdict == expected


def test_what_was_not_measured_is_not_tested() -> None:
    verdicts = judge(KEIO, [], stage="drug_substance")
    assert {verdict.verdict for verdict in verdicts} == {"NOT TESTED"}
    assert {verdict.stage for verdict in verdicts} == {"drug_substance"}
    assert "VECTOR" not in {verdict.criterion for verdict in verdicts}


def test_an_unknown_stage_applies_every_criterion() -> None:
    assert len(judge(KEIO, [], stage=None)) == len(KEIO.criteria)
    with pytest.raises(UsageError) as refused:
        judge(KEIO, [], stage="final")  # type: ignore[arg-type]
    assert refused.value.code == "GS-1104"


def test_required_controls_have_to_be_there() -> None:
    criterion = next(c for c in KEIO.criteria if c.id == "SOX1_FCM")
    strict = KEIO.model_copy(
        update={"criteria": (criterion.model_copy(update={"required_controls": ("FMO",)}),)}
    )
    fmo = (Control(name="FMO", passed=True, detail=""),)
    assert (
        judge(strict, [measured("marker.sox1_fcm", number(0.95))], stage=None)[0].verdict == "INDETERMINATE"
    )
    assert (
        judge(strict, [measured("marker.sox1_fcm", number(0.95), controls=fmo)], stage=None)[0].verdict
        == "PASS"
    )


@pytest.mark.parametrize(
    ("route", "eu_per_ml", "expected"),
    [
        # USP <85>: 0.2 EU/kg x 70 kg / 10 mL = 1.4 EU/mL; 5 EU/kg x 70 / 10 = 35 EU/mL
        ("intrathecal", 1.39, "PASS"),
        ("Intrathecal ", 1.41, "FAIL"),
        ("intravenous", 34.9, "PASS"),
        ("intravenous", 35.1, "FAIL"),
        ("intrathecl", 0.01, "INDETERMINATE"),
        (None, 0.01, "INDETERMINATE"),
    ],
)
def test_the_dose_decides_the_endotoxin_limit(route: str | None, eu_per_ml: float, expected: str) -> None:
    found = measured("endotoxin", number(eu_per_ml, "EU/mL"))
    assert verdict_of("ENDO_DOSE", found, dose=Dose(route=route)).verdict == expected


def test_a_dose_without_volume_or_with_an_impossible_one_has_no_limit() -> None:
    found = measured("endotoxin", number(0.01, "EU/mL"))
    for dose in (None, Dose(volume_ml=None), Dose(volume_ml=0.0), Dose(body_weight_kg=float("nan"))):
        verdict = verdict_of("ENDO_DOSE", found, dose=dose)
        assert (verdict.verdict, verdict.limit) == ("INDETERMINATE", None)


def test_endotoxin_limit_is_k_over_m() -> None:
    assert endotoxin_limit(5.0, volume_ml=35.0, body_weight_kg=70.0) == 10.0


def test_the_worst_of_several_measurements_stands_and_all_are_listed() -> None:
    good = measured("marker.sox1_fcm", number(0.95))
    bad = replace(measured("marker.sox1_fcm", number(0.5)), source="second.csv:9", note="retest")
    verdict = verdict_of("SOX1_FCM", good, bad)
    assert (verdict.verdict, verdict.measured) == ("FAIL", 0.5)
    assert "sheet.csv:2 | PASS" in verdict.reason
    assert "second.csv:9 | FAIL" in verdict.reason
    assert "retest" in verdict.reason


def test_a_verdict_is_a_row_of_the_contract() -> None:
    verdict = verdict_of("TETRA", measured("karyotype.tetraploid_fraction", number(2.0, "%", n=100)))
    row = verdict_row(verdict)
    columns = (
        "attribute group stage measured low high unit limit direction n lod verdict class provenance source"
    )
    assert " ".join(row) == columns + " criterion metric reason"
    assert (row["measured"], row["unit"], row["limit"], row["n"]) == (0.02, "fraction", 0.04, 100)
    assert (row["class"], row["provenance"]) == ("release", "SRC")
    assert "PMC8427225" in str(row["source"])


def evidence_for(criterion: Criterion) -> Measurement:
    words = {"MORPH": "conforms", "DIFF_N_TUBB3": "positive", "DIFF_G": "positive"}
    if criterion.direction in ("eq", "absent", "report"):
        return measured(criterion.metric, text=words.get(criterion.id, "negative"))
    limit = criterion.limit if isinstance(criterion.limit, float) else 0.1
    value = number(limit, criterion.unit, n=10**7, low=limit, high=limit, lod=limit or None)
    return measured(criterion.metric, value, facts=SOUND)


def test_a_lot_passes_only_with_every_release_criterion() -> None:
    given = {criterion.metric: evidence_for(criterion) for criterion in KEIO.criteria}
    given["endotoxin"] = measured("endotoxin", number(0.1, "EU/mL"))
    whole = overall(judge(KEIO, given.values(), stage=None, dose=Dose()))
    assert whole.verdict == "PASS"
    assert whole.disposition == ""
    assert "not a certificate of release" in whole.line
    released = [criterion for criterion in KEIO.criteria if criterion.class_ == "release"]
    for criterion in released:
        rest = [m for metric, m in given.items() if metric != criterion.metric]
        assert overall(judge(KEIO, rest, stage=None, dose=Dose())).verdict == "INDETERMINATE"


def test_what_is_no_release_criterion_still_stops_a_pass() -> None:
    given = {criterion.metric: evidence_for(criterion) for criterion in KEIO.criteria}
    given["endotoxin"] = measured("endotoxin", number(0.1, "EU/mL"))
    given[RECURRENT] = measured(RECURRENT, number(1.0, "count"), facts=SOUND)
    found = overall(judge(KEIO, given.values(), stage=None, dose=Dose()))
    assert found.verdict == "INDETERMINATE"
    assert "CNV_HOT" in found.line
    assert found.counts["FAIL"] == 1


def test_a_fail_stands_over_an_invalid_one_in_the_whole_and_nothing_is_not_tested() -> None:
    broken = replace(CASES[-2][1], metric="marker.gd2_fcm")
    found = overall(judge(KEIO, [broken, measured("marker.sox1_fcm", number(0.5))], stage=None))
    assert found.verdict == "FAIL"
    assert overall(judge(KEIO, [broken], stage=None)).verdict == "INVALID"
    assert overall(judge(KEIO, [], stage=None)).verdict == "NOT TESTED"
    assert overall([]).verdict == "NOT TESTED"


def test_the_attributes_of_the_standard_never_pass_as_a_whole() -> None:
    given = {criterion.metric: evidence_for(criterion) for criterion in CN.criteria}
    given["endotoxin"] = measured("endotoxin", number(0.1, "EU/mL"))
    assert overall(judge(CN, given.values(), stage=None, dose=Dose())).verdict == "REPORT"
