"""Shipped profiles say what the sources say and where from; a wrong profile is refused with all of its errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from genostab.compliance.profile import Profile, list_profiles, load_profile, profile_sha256
from genostab.errors import GenostabErrors

ATTRIBUTES = {
    "general cell": {"morphology", "cell cycle", "karyotype", "viability"},
    "NSC-specific": {"surface markers", "differentiation ability"},
    "general drug": {"sterility", "endotoxin", "human virus"},
    "cell-drug": {"telomerase activity", "tumorigenicity"},
}

# Keio table 1 as read for this project: metric, direction, limit in memory
KEIO_LIMITS = {
    ("karyotype.metaphases_g_band", "ge", 20.0),
    ("karyotype.metaphases_giemsa", "ge", 50.0),
    ("karyotype.normal_fraction_g_band", "ge", 0.9),
    ("karyotype.normal_fraction_giemsa", "ge", 0.9),
    ("karyotype.clonal_abnormalities", "le", 0.0),
    ("karyotype.tetraploid_fraction", "le", 0.04),
    ("marker.sox1_fcm", "ge", 0.9),
    ("marker.sox1_icc", "ge", 0.8),
    ("marker.sox1_dct", "le", 10.0),
    ("marker.pax6_dct", "le", 6.0),
    ("marker.psa_ncam_fcm", "ge", 0.9),
    ("marker.gd2_fcm", "ge", 0.9),
    ("differentiation.neuron", "ge", 0.5),
    ("differentiation.beta3_tubulin", "eq", "positive"),
    ("differentiation.glia", "eq", "positive"),
    ("morphology", "eq", "neurosphere, no significant mixture of adherent cells"),
    ("sterility", "absent", None),
    ("mycoplasma", "absent", None),
    ("endotoxin", "le", 25.0),
    ("virus.hbv", "absent", None),
    ("virus.hcv", "absent", None),
    ("virus.hiv", "absent", None),
    ("virus.htlv1", "absent", None),
    ("virus.b19", "absent", None),
    ("residual.flow-oct4.frequency", "le", 0.0001),
    ("residual.oct4_icc", "le", 0.000005),
    ("residual.oct4_ddct", "ge", 7.643),
    ("residual.flow-tra160.frequency", "le", 0.0001),
    ("residual.ssea3_fcm", "le", 0.0001),
    ("back_culture", "absent", None),
    ("cnv.acquired_count", "le", 5.0),
}


def test_both_profiles_are_shipped() -> None:
    assert list_profiles() == ("cn-nsc-2021", "keio-sci-2021")


@pytest.mark.parametrize("name", ["cn-nsc-2021", "keio-sci-2021"])
def test_every_attribute_of_the_abstract_is_covered_in_its_group(name: str) -> None:
    covered: dict[str, set[str]] = {}
    for criterion in load_profile(name).criteria:
        if criterion.named_in_2021_abstract:
            covered.setdefault(criterion.group, set()).add(criterion.attribute)
    assert covered == ATTRIBUTES


def test_keio_limits_are_those_of_its_table() -> None:
    profile = load_profile("keio-sci-2021")
    limits = {
        (c.metric, c.direction, c.limit)
        for c in profile.criteria
        if c.class_ == "release" and "PMC8427225" in c.source.url
    }
    assert limits == KEIO_LIMITS


def test_the_standard_itself_never_gives_a_limit() -> None:
    profile = load_profile("cn-nsc-2021")
    assert profile.limit_source == "not_in_abstract"
    assert "does not say that the lot complies" in profile.statement
    for criterion in profile.criteria:
        if "tsinghuajournals" in criterion.source.url:
            assert (criterion.direction, criterion.limit, criterion.provenance) == ("report", None, ("STD",))


@pytest.mark.parametrize("name", ["cn-nsc-2021", "keio-sci-2021"])
def test_no_release_limit_is_from_memory_and_every_limit_has_an_address(name: str) -> None:
    for criterion in load_profile(name).criteria:
        assert criterion.class_ != "release" or "MEM" not in criterion.provenance
        assert criterion.direction == "report" or criterion.source.url.startswith("http")


def test_counts_of_residual_cells_are_judged_on_their_bound_with_a_stated_limit_of_detection() -> None:
    residual = [
        c
        for c in load_profile("keio-sci-2021").criteria
        if c.attribute == "residual iPSC" and c.direction == "le"
    ]
    assert len(residual) == 4
    assert all(c.judge_on == "bound" and c.lod_required for c in residual)


def shipped_text(name: str = "keio-sci-2021") -> str:
    import genostab.compliance

    return (Path(genostab.compliance.__file__).parent / "profiles" / f"{name}.yaml").read_text("utf-8")


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, "utf-8")
    return path


def test_a_users_profile_is_read_from_its_path_and_hashed_by_content(tmp_path: Path) -> None:
    own = shipped_text().replace("id: keio-sci-2021", "id: own-1")
    first = load_profile(write(tmp_path, own))
    assert first.id == "own-1"
    commented = load_profile(str(write(tmp_path, "# a remark\n" + own.replace("limit: 90", "limit: 90.0"))))
    assert profile_sha256(commented) == profile_sha256(first)
    changed = load_profile(write(tmp_path, own.replace("limit: 90", "limit: 80")))
    assert profile_sha256(changed) != profile_sha256(first)


def test_a_changed_copy_may_not_carry_a_shipped_id(tmp_path: Path) -> None:
    assert load_profile(write(tmp_path, shipped_text())) == load_profile("keio-sci-2021")
    refused = refusals(tmp_path, shipped_text().replace("limit: 25", "limit: 250"))
    assert [code for code, _, _ in refused] == ["GS-1104"]


def refusals(folder: Path, text: str) -> list[tuple[str, int, str]]:
    with pytest.raises(GenostabErrors) as caught:
        load_profile(write(folder, text))
    lines = (error.where.rpartition(":")[2] for error in caught.value.errors)
    numbers = [int(line) if line.isdigit() else 0 for line in lines]
    return [
        (error.code, line, error.action) for error, line in zip(caught.value.errors, numbers, strict=True)
    ]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_all_errors_of_a_profile_come_together_with_their_lines(tmp_path: Path) -> None:
    text = (
        shipped_text()
        .replace("id: keio-sci-2021", "id: own-1")
        .replace("direction: eq", "direktion: eq", 1)
        .replace("limit: 25", "limit: .nan")
        .replace("k_eu_per_kg: 5", "k_eu_per_kg: -5")
        .replace("le: 10000", "lt: 10000")
    )
    found = refusals(tmp_path, text)
    codes = [(code, line) for code, line, _ in found]
    assert ("GS-1102", line_of(text, "direktion")) in codes
    assert ("GS-1104", line_of(text, "limit: .nan")) in codes
    assert ("GS-1104", line_of(text, "k_eu_per_kg: -5")) in codes
    assert ("GS-1102", line_of(text, "lt: 10000")) in codes
    assert "GS-1103" in {code for code, _ in codes}
    assert "did you mean 'direction'?" in {action for _, _, action in found}


MINIMAL = """
id: own-1
title: t
version: "1"
limit_source: user
statement: s
bound_level: 0.95
words: {absent: [negative], present: [positive], conforms: [yes], deviates: [no]}
criteria:
  - id: A
    attribute: viability
    group: general cell
    named_in_2021_abstract: true
    metric: viability
    unit: "%"
    direction: ge
    limit: 90
    judge_on: estimate
    stage: [drug_substance]
    class: release
    provenance: [USER]
    source: {ref: our own, locator: page 1}
"""


def test_a_minimal_profile_is_accepted(tmp_path: Path) -> None:
    profile = load_profile(write(tmp_path, MINIMAL))
    assert isinstance(profile, Profile)
    assert (profile.criteria[0].limit, profile.criteria[0].unit) == (0.9, "fraction")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("limit: 90", "limit: 900"),
        ("limit: 90", "limit: high"),
        ("    limit: 90\n", ""),
        ("    judge_on: estimate\n", ""),
        ("direction: ge", "direction: report"),
        ("provenance: [USER]", "provenance: [STD]"),
        ("provenance: [USER]", "provenance: []"),
        ("stage: [drug_substance]", "stage: []"),
        ("group: general cell", "group: not named in abstract"),
        ("bound_level: 0.95", "bound_level: 95"),
        ("limit: 90", "limit: true"),
    ],
)
def test_a_criterion_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str) -> None:
    assert old in MINIMAL
    assert {code for code, _, _ in refusals(tmp_path, MINIMAL.replace(old, new))} == {"GS-1104"}


def test_a_criterion_id_may_stand_only_once(tmp_path: Path) -> None:
    again = MINIMAL[MINIMAL.index("  - id: A") :]
    assert [code for code, _, _ in refusals(tmp_path, MINIMAL + again)] == ["GS-1104"]


@pytest.mark.parametrize("name", ["keio-sci-2022", "none", "./none.yaml", "..", ""])
def test_an_unknown_profile_is_refused(name: str) -> None:
    with pytest.raises(GenostabErrors) as caught:
        load_profile(name)
    assert [error.code for error in caught.value.errors] == ["GS-1106"]


def test_a_near_miss_of_an_id_gets_a_hint() -> None:
    with pytest.raises(GenostabErrors) as caught:
        load_profile("keio-sci-2022")
    assert "keio-sci-2021" in caught.value.errors[0].action
