"""Release profiles as plain data, for the command line and other programs."""

from __future__ import annotations

from genostab.compliance.profile import list_profiles, load_profile, profile_sha256


def profile_summaries() -> list[dict[str, object]]:
    """Id, title, number of criteria and SHA-256 of every shipped profile.

    Examples
    --------
    >>> [summary["id"] for summary in profile_summaries()]
    ['cn-nsc-2021', 'keio-sci-2021']
    """
    records = [load_profile(name) for name in list_profiles()]
    return [
        {"id": r.id, "title": r.title, "criteria": len(r.criteria), "sha256": profile_sha256(r)}
        for r in records
    ]


def profile_content(id_or_path: str) -> dict[str, object]:
    """A whole profile as JSON-ready data with its ``sha256``; fractions 0..1.

    Parameters
    ----------
    id_or_path : str, a shipped id, or a path

    Raises
    ------
    GenostabErrors
        GS-1106 unknown profile, GS-1101 to GS-1104 errors in a user's file.
    """
    record = load_profile(id_or_path)
    return {**record.model_dump(mode="json", by_alias=True), "sha256": profile_sha256(record)}
