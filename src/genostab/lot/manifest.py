"""The manifest of one lot: which files, counts and facts there are. Every block but `lot` is optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

Stage = Literal["ipsc_bank", "drug_substance", "drug_product"]

ASSEMBLIES = ("GRCh37", "GRCh38", "T2T-CHM13", "hg18")


def _resolved(value: str, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    if folder is None:
        return Path(value)
    path = Path(os.path.normpath(Path(folder) / value))
    if not os.path.isfile(path):  # Path.is_file raises on names that the system refuses
        context = {"path": str(path), "action": "correct the name, or add the file"}
        raise PydanticCustomError("GS-1105", "an existing file: {path}", context)
    return path


def _input_path(value: object, info: ValidationInfo) -> object:
    return _resolved(value, info) if isinstance(value, str) and value else value


def _listed(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(value)
    return () if value is None else (value,)


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _known_assembly(value: str) -> str:
    if value not in ASSEMBLIES:
        context = {"known": " or ".join(ASSEMBLIES), "action": "name a known assembly"}
        raise PydanticCustomError("GS-1107", "{known}", context)
    return value


def _profile_reference(value: str, info: ValidationInfo) -> str:
    is_path = "/" in value or "\\" in value or value.endswith((".yaml", ".yml"))
    return str(_resolved(value, info)) if is_path else value


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
InputPath = Annotated[Path, BeforeValidator(_input_path)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Block(BaseModel):
    """What every block has in common: no unknown key, no change after reading, no guessing of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Line(Block):
    """The parent iPSC line."""

    id: Identifier | None = None
    sex: Literal["female", "male"] | None = None
    passage: Annotated[int, Field(ge=0)] | None = None
    population_doublings: Annotated[float, Field(ge=0)] | None = None


class Dose(Block):
    """What one patient gets: viable cells, route, volume [mL], body weight [kg]."""

    cells: Positive | None = None
    route: Text | None = None
    volume_ml: Positive | None = None
    body_weight_kg: Positive | None = None


class Sequencing(Block):
    """Sequencing or array files: the lot's own, its parent line's, and what helps to read them.

    `sample_name` and `parent_name` are samples in tables of bins and array files that hold several, and in the VCF of
    `snps`. `contaminant` are arrays or VCFs of people whose DNA may be in the
    lot, `contaminant_name` their sample where a file holds several.
    """

    sample: InputPath | None = None
    parent: Annotated[tuple[InputPath, ...], BeforeValidator(_listed)] = ()
    snps: InputPath | None = None
    array: InputPath | None = None
    panel: InputPath | None = None
    reference: InputPath | None = None
    gc_track: InputPath | None = None
    mappability_track: InputPath | None = None
    frequencies: InputPath | None = None
    contaminant: Annotated[tuple[InputPath, ...], BeforeValidator(_listed)] = ()
    contaminant_name: Text | None = None
    sample_name: Text | None = None
    parent_name: Text | None = None
    exclude: Annotated[tuple[InputPath, ...], BeforeValidator(_listed)] = ()
    bin_width: Annotated[int, Field(gt=0)] | None = None
    telomeres: bool = False

    @model_validator(mode="after")
    def _has_a_sample(self) -> Self:
        if self.sample is None and self.array is None:
            raise ValueError("the lot's own file as sample or array")
        if self.parent_name is not None and not self.parent:
            raise ValueError("the parent's file beside the name of its sample")
        if self.contaminant_name is not None and not self.contaminant:
            raise ValueError("the contaminant's file beside the name of its sample")
        return self


class Culture(Block):
    """The passage record."""

    passages: InputPath


class Residual(Block):
    """One assay for residual iPSC: a `file`, or counts with recovery and background as fractions 0..1."""

    assay: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}\z")]
    file: InputPath | None = None
    positives: Annotated[int, Field(ge=0)] | None = None
    events: Annotated[int, Field(gt=0)] | None = None
    recovery: Annotated[float, Field(gt=0, le=1)] | None = None
    background: Fraction | None = None

    @model_validator(mode="after")
    def _is_file_or_counts(self) -> Self:
        counts = (self.positives, self.events, self.recovery, self.background)
        if self.file is not None:
            if any(count is not None for count in counts):
                raise ValueError("either file, or positives and events, not both")
        elif self.positives is None or self.events is None:
            raise ValueError("file, or both positives and events")
        elif self.positives > self.events:
            raise ValueError("no more positives than events")
        return self


class Tumorigenicity(Block):
    """Animal study and limiting dilution tables."""

    animals: InputPath | None = None
    dilution: InputPath | None = None


class Telomerase(Block):
    """A TRAP plate and its layout."""

    plate: InputPath
    layout: InputPath


class Flow(Block):
    """One cytometry file, the metric that it measures, its channel and its control (FMO or isotype)."""

    metric: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}\z")]
    file: InputPath
    channel: Text | None = None
    control: InputPath | None = None


class Endotoxin(Block):
    """A LAL plate."""

    plate: InputPath


class Manifest(Block):
    """One lot. Paths are absolute after `load_manifest`; a block that is None was not given.

    `stage` None means that it was not said: every criterion of the profile then applies. `profile` is a
    shipped id or an absolute path.
    """

    lot: Identifier
    product: Text | None = None
    stage: Stage | None = None
    profile: Annotated[Text, AfterValidator(_profile_reference)] = "cn-nsc-2021"
    assembly: Annotated[str, AfterValidator(_known_assembly)] = "GRCh38"
    line: Line | None = None
    dose: Dose | None = None
    sequencing: Sequencing | None = None
    metaphases: InputPath | None = None
    culture: Culture | None = None
    residual: Annotated[tuple[Residual, ...], BeforeValidator(_tuple)] = ()
    tumorigenicity: Tumorigenicity | None = None
    telomerase: Telomerase | None = None
    flow: Annotated[tuple[Flow, ...], BeforeValidator(_tuple)] = ()
    endotoxin: Endotoxin | None = None
    observations: InputPath | None = None
