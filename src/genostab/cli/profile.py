"""`genostab profile`: which release profiles there are, and what each of them asks for."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from genostab.cli._text import filled, say, text_table


@click.group()
def profile() -> None:
    """Show the release profiles that a lot can be judged against."""


def _limit(criterion: Mapping[str, Any]) -> str:
    unit = "" if criterion["unit"] == "category" else criterion["unit"]
    if criterion["direction"] == "report":
        return f"no limit ({unit})" if unit else "no limit"
    limit = criterion["limit_rule"] if criterion["limit"] is None else criterion["limit"]
    shown = f"{limit:g}" if isinstance(limit, float) else limit or ""
    return " ".join(part for part in (criterion["direction"], shown, unit) if part)


def _criteria_text(criteria: Sequence[Mapping[str, Any]]) -> str:
    """Criteria below their attributes, and their sources as numbered notes."""
    sources = list(dict.fromkeys(criterion["source"]["ref"] for criterion in criteria))
    rows: list[tuple[str, ...]] = [("criterion", "metric", "limit", "class", "provenance")]
    for attribute, group in itertools.groupby(criteria, key=lambda criterion: str(criterion["attribute"])):
        rows += [("",) * 5, (attribute, "", "", "", "")]
        rows += [
            (
                criterion["id"],
                criterion["metric"],
                _limit(criterion),
                criterion["class"],
                f"{' + '.join(criterion['provenance'])} [{sources.index(criterion['source']['ref']) + 1}]",
            )
            for criterion in group
        ]
    notes = [filled(f"[{number}] {source}", "    ") for number, source in enumerate(sources, start=1)]
    return "\n".join((text_table(rows), "", *notes))


def _page(content: Mapping[str, Any]) -> str:
    head = f"{content['id']}  {content['title']}\nsha256 {content['sha256']}"
    return "\n\n".join((head, filled(content["statement"]), _criteria_text(content["criteria"])))


@profile.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def list_command(as_json: bool) -> None:
    """List the profiles in the package."""
    from genostab.run.profiles import profile_summaries

    summaries = profile_summaries()
    if as_json:
        say(json.dumps(summaries, ensure_ascii=False, indent=2))
        return
    columns = ("id", "criteria", "title")
    say(text_table([columns, *([str(summary[column]) for column in columns] for summary in summaries)]))


@profile.command()
@click.argument("id_or_path", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
def show(id_or_path: str, as_json: bool) -> None:
    """Show the criteria of a profile: a shipped ID, or a path to your own. Fractions are 0 to 1."""
    from genostab.run.profiles import profile_content

    content = profile_content(id_or_path)
    say(json.dumps(content, ensure_ascii=False, indent=2) if as_json else _page(content))
