"""defaults.toml and Settings hold the same names, each used and each with a reason."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from importlib.resources import files

from genostab.karyotype.settings import Settings, load_settings

TEXT = files("genostab.karyotype").joinpath("defaults.toml").read_text(encoding="utf-8")
TABLES = tomllib.loads(TEXT)


def test_every_default_is_a_field_and_every_field_a_default() -> None:
    names = [name for table in TABLES.values() for name in table]
    assert sorted(names) == sorted(field.name for field in fields(Settings))
    assert len(set(names)) == len(names)
    settings = load_settings()
    for table in TABLES.values():
        for name, value in table.items():
            assert getattr(settings, name) == (tuple(value) if isinstance(value, list) else value)


def test_every_default_is_used() -> None:
    package = files("genostab")
    sources = [
        path.read_text(encoding="utf-8")
        for room in ("karyotype", "run")
        for path in package.joinpath(room).iterdir()
        if path.name.endswith(".py") and path.name != "settings.py"
    ]
    unused = [f.name for f in fields(Settings) if not any(f"settings.{f.name}" in text for text in sources)]
    assert unused == []


def test_every_default_says_why() -> None:
    lines = TEXT.splitlines()
    silent = {
        line.split(" = ")[0]
        for above, line in zip(["", *lines], lines, strict=False)
        if re.match(r"\w+ = ", line) and "#" not in line and not above.startswith("#")
    }
    # Each of these is the other end of the line above it, or said by its name.
    assert silent <= {
        *("bin_widths_bp", "male_x_ratio", "male_min_y_ratio", "male_x_het", "het_baf_low", "het_baf_high"),
        *("power", "sizes_bp", "min_share"),
    }


def test_widths_join_from_the_base() -> None:
    settings = load_settings()
    assert settings.bin_widths_bp[0] == settings.base_bin_bp
    assert all(width % settings.base_bin_bp == 0 for width in settings.bin_widths_bp)
    assert list(settings.bin_widths_bp) == sorted(settings.bin_widths_bp)
