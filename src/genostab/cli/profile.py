"""`genostab profile`: which release profiles there are, and what each of them asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click


@click.group()
def profile() -> None:
    """Show the release profiles that a lot can be judged against."""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in (header, *rows))
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def _limit(criterion: Mapping[str, Any]) -> str:
    if criterion["direction"] == "report":
        return "no limit"
    limit = criterion["limit_rule"] if criterion["limit"] is None else criterion["limit"]
    shown = f"{limit:g}" if isinstance(limit, float) else limit or ""
    return f"{criterion['direction']} {shown}".rstrip()


def _row(criterion: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        criterion["id"],
        criterion["attribute"],
        criterion["metric"],
        _limit(criterion),
        criterion["unit"],
        criterion["class"],
        "+".join(criterion["provenance"]),
        criterion["source"]["ref"],
    )


def _page(content: Mapping[str, Any]) -> str:
    header = ("id", "attribute", "metric", "limit", "unit", "class", "provenance", "source")
    head = (
        f"{content['id']}  {content['title']}",
        f"sha256 {content['sha256']}",
        "",
        content["statement"],
        "",
    )
    return "\n".join((*head, _table(header, [_row(criterion) for criterion in content["criteria"]])))


@profile.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def list_command(as_json: bool) -> None:
    """List the profiles in the package."""
    from genostab.run.profiles import profile_summaries

    summaries = profile_summaries()
    if as_json:
        click.echo(json.dumps(summaries, ensure_ascii=False, indent=2))
        return
    columns = ("id", "criteria", "title")
    click.echo(_table(columns, [[str(summary[column]) for column in columns] for summary in summaries]))


@profile.command()
@click.argument("id_or_path", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def show(id_or_path: str, as_json: bool) -> None:
    """Show the criteria of a profile: a shipped ID, or a path to your own. Fractions are 0 to 1."""
    from genostab.run.profiles import profile_content

    content = profile_content(id_or_path)
    click.echo(json.dumps(content, ensure_ascii=False, indent=2) if as_json else _page(content))
