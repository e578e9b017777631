"""`genostab profile`: which release profiles there are, and what each of them asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from genostab.compliance.profile import Criterion, Profile


@click.group()
def profile() -> None:
    """Show the release profiles that a lot can be judged against."""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (header, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def _limit(criterion: Criterion) -> str:
    if criterion.direction == "report":
        return "no limit"
    limit = criterion.limit_rule if criterion.limit is None else criterion.limit
    shown = f"{limit:g}" if isinstance(limit, float) else limit or ""
    return f"{criterion.direction} {shown}".rstrip()


def _row(criterion: Criterion) -> tuple[str, ...]:
    return (
        criterion.id,
        criterion.attribute,
        criterion.metric,
        _limit(criterion),
        criterion.unit,
        criterion.class_,
        "+".join(criterion.provenance),
        criterion.source.ref,
    )


def _page(record: Profile, sha256: str) -> str:
    header = ("id", "attribute", "metric", "limit", "unit", "class", "provenance", "source")
    head = (f"{record.id}  {record.title}", f"sha256 {sha256}", "", record.statement, "")
    return "\n".join((*head, _table(header, [_row(criterion) for criterion in record.criteria])))


@profile.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def list_command(as_json: bool) -> None:
    """List the profiles in the package."""
    from genostab.compliance.profile import list_profiles, load_profile, profile_sha256

    records = [load_profile(name) for name in list_profiles()]
    if as_json:
        entries = [
            {"id": r.id, "title": r.title, "criteria": len(r.criteria), "sha256": profile_sha256(r)}
            for r in records
        ]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
        return
    rows = [(r.id, str(len(r.criteria)), r.title) for r in records]
    click.echo(_table(("id", "criteria", "title"), rows))


@profile.command()
@click.argument("id_or_path", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def show(id_or_path: str, as_json: bool) -> None:
    """Show the criteria of a profile: a shipped ID, or a path to your own. Fractions are 0 to 1."""
    from genostab.compliance.profile import load_profile, profile_sha256

    record = load_profile(id_or_path)
    sha256 = profile_sha256(record)
    if as_json:
        content = {**record.model_dump(mode="json", by_alias=True), "sha256": sha256}
        click.echo(json.dumps(content, ensure_ascii=False, indent=2))
        return
    click.echo(_page(record, sha256))
