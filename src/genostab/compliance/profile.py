"""Release profiles: named sets of criteria, each with its limit, the limit's source, and what it needs."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from genostab.errors import GenostabErrors, UsageError
from genostab.units import FRACTION, normalise_unit
from genostab.yaml_lines import did_you_mean, load_model

Stage = Literal["ipsc_bank", "drug_substance", "drug_product"]
Group = Literal["general cell", "NSC-specific", "general drug", "cell-drug", "not named in abstract"]
Direction = Literal["ge", "le", "lt", "gt", "eq", "absent", "report"]
Class = Literal["release", "reference", "report"]
Provenance = Literal["STD", "SRC", "DER", "MEM", "USER"]

_ORDERED = ("ge", "le", "lt", "gt")


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]


class Record(BaseModel):
    """What every record of a profile has in common: no unknown key, no change, no guessing of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Source(Record):
    """Where a limit stands: what it is, its address if it has one, and the row or section."""

    ref: Text
    url: Annotated[str, StringConstraints(max_length=1000)] = ""
    locator: Text


class Requirement(Record):
    """A range that a fact of the measurement must lie in, e.g. ``resolution_bp: {le: 10000}``."""

    le: float | None = None
    ge: float | None = None

    @model_validator(mode="after")
    def _has_a_side(self) -> Self:
        if self.le is None and self.ge is None:
            raise ValueError("le, ge, or both")
        return self


class EndotoxinThreshold(Record):
    """Threshold pyrogenic dose K [EU/kg] of some routes of administration."""

    k_eu_per_kg: Annotated[float, Field(gt=0)]
    routes: Words
    provenance: Annotated[tuple[Provenance, ...], BeforeValidator(_listed), Field(min_length=1)]
    source: Source
    comment: Text = ""


class Vocabulary(Record):
    """Words of a laboratory that say yes or no; any other word is never a PASS."""

    absent: Words
    present: Words
    conforms: Words
    deviates: Words


class Criterion(Record):
    """One rule. `limit` is in `unit`; percent in the file is a fraction 0..1 here.

    `judge_on` says whether the estimate or the far end of its interval has to meet the limit. `limit_rule` names
    a limit that the dose decides. `stage` are the stages it applies to.
    """

    id: Identifier
    attribute: Text
    group: Group
    named_in_2021_abstract: bool
    metric: Identifier
    unit: Text
    direction: Direction
    limit: float | Text | None = None
    limit_rule: Literal["endotoxin_k_over_m"] | None = None
    judge_on: Literal["estimate", "bound"] | None = None
    min_n: Annotated[int, Field(ge=0)] = 0
    lod_required: bool = False
    requires: dict[Identifier, Requirement] = Field(default_factory=dict)
    required_controls: Words = ()
    stage: Annotated[tuple[Stage, ...], BeforeValidator(_listed), Field(min_length=1)]
    class_: Class = Field(alias="class")
    provenance: Annotated[tuple[Provenance, ...], BeforeValidator(_listed), Field(min_length=1)]
    source: Source
    comment: Text = ""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.direction in _ORDERED:
            if isinstance(self.limit, str) or (self.limit is None) == (self.limit_rule is None):
                raise ValueError(f"a number as limit, or a limit_rule, for direction {self.direction}")
            if self.judge_on is None:
                raise ValueError(f"judge_on: estimate or bound, for direction {self.direction}")
        elif self.limit_rule is not None or self.judge_on is not None:
            raise ValueError(f"neither limit_rule nor judge_on for direction {self.direction}")
        elif (self.limit is not None) != (self.direction == "eq"):
            raise ValueError("a limit for eq, and none for absent and report")
        if self.unit == FRACTION and isinstance(self.limit, float) and not 0.0 <= self.limit <= 1.0:
            raise ValueError("a limit of 0 to 100 %, or 0 to 1 as fraction")
        if self.direction != "report" and set(self.provenance) <= {"STD"}:
            raise ValueError(
                "where the limit comes from (SRC, DER, MEM or USER), for STD is only the attribute"
            )
        if self.named_in_2021_abstract == (self.group == "not named in abstract"):
            raise ValueError("a group that agrees with named_in_2021_abstract")
        return self

    @model_validator(mode="before")
    @classmethod
    def _percent_to_fraction(cls, value: object) -> object:
        if not isinstance(value, dict) or not isinstance(value.get("unit"), str):
            return value
        _, unit = normalise_unit(0.0, value["unit"])
        if unit == value["unit"]:
            return value
        limit = value.get("limit")
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            limit, _ = normalise_unit(float(limit), value["unit"])
        return {**value, "limit": limit, "unit": unit}


class Profile(Record):
    """A named set of criteria.

    `statement` is what a report must say about it; `limit_source` says whose limits they are; `bound_level` is the
    least level of an interval that a criterion may be judged on.
    """

    id: Identifier
    title: Text
    version: Text
    statement: Text
    limit_source: Literal["not_in_abstract", "named_sources", "user"]
    words: Vocabulary
    bound_level: Annotated[float, Field(gt=0, lt=1)]
    endotoxin: Annotated[tuple[EndotoxinThreshold, ...], BeforeValidator(_listed)] = ()
    criteria: Annotated[tuple[Criterion, ...], BeforeValidator(_listed), Field(min_length=1)]

    @model_validator(mode="after")
    def _has_unique_ids(self) -> Self:
        ids = [criterion.id for criterion in self.criteria]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError("every criterion id once, not twice: " + ", ".join(twice))
        routes = [route.casefold() for threshold in self.endotoxin for route in threshold.routes]
        if len(set(routes)) < len(routes):
            raise ValueError("every endotoxin route once")
        return self


def list_profiles() -> tuple[str, ...]:
    """Ids of the profiles in the package, sorted.

    Examples
    --------
    >>> list_profiles()
    ('cn-nsc-2021', 'keio-sci-2021')
    """
    folder = resources.files("genostab.compliance") / "profiles"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def profile_sha256(profile: Profile) -> str:
    """SHA-256 of a profile's content, in hexadecimal; layout and comments of the file do not count.

    Examples
    --------
    >>> len(profile_sha256(load_profile("keio-sci-2021")))
    64
    """
    content = json.dumps(
        profile.model_dump(mode="json", by_alias=True),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _refused(code: str, where: str, found: str, expected: str, action: str) -> GenostabErrors:
    what = "the profile cannot be used"
    error = UsageError(code, what=what, where=where, found=found, expected=expected, action=action)
    return GenostabErrors([error])


def _load_shipped(name: str) -> Profile:
    with resources.as_file(resources.files("genostab.compliance") / "profiles" / f"{name}.yaml") as path:
        return load_model(path, Profile)


def load_profile(id_or_path: str | Path) -> Profile:
    """A profile of the package by its id, or a user's own by its path.

    Parameters
    ----------
    id_or_path : str or Path; a str is a path where it has a slash or ends in .yaml or .yml

    Returns
    -------
    Profile

    Raises
    ------
    GenostabErrors
        GS-1106 unknown id or missing file; GS-1101 to GS-1104 errors in the file, all together, with their
        lines; GS-1104 where a user's file carries the id of a shipped profile but not its content.
    """
    name = str(id_or_path)
    shipped = list_profiles()
    is_path = isinstance(id_or_path, Path) or "/" in name or "\\" in name or name.endswith((".yaml", ".yml"))
    if not is_path:
        if name not in shipped:
            found = name[:80] or "an empty name"
            raise _refused("GS-1106", "profile", found, "a profile", did_you_mean(name, list(shipped)))
        return _load_shipped(name)
    path = Path(name)
    if not path.is_file():
        raise _refused(
            "GS-1106", name, "no such file", "a profile in YAML", did_you_mean(name, list(shipped))
        )
    profile = load_model(path, Profile)
    if profile.id in shipped and profile_sha256(profile) != profile_sha256(_load_shipped(profile.id)):
        raise _refused("GS-1104", name, f"id: {profile.id}", "an id of its own", "give your copy another id")
    return profile
