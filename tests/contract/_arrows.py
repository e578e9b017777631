"""Which room may import what: the arrows of the house as a table, and the function that checks one file."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


HEAVY = _set("numba pandas scipy pysam")
FILES_AND_CLOCKS = _set(
    "asyncio concurrent datetime glob http io logging multiprocessing os pathlib random secrets shutil "
    "socket sqlite3 subprocess tempfile threading time urllib uuid"
)
# Constants that decide live in YAML inside the package, so rooms that own some may read package data.
PACKAGE_DATA = _set("ruamel")
SCHEMA = _set("pydantic pydantic_core")


@dataclass(frozen=True, kw_only=True)
class Room:
    """What one room may import besides itself; `stdlib` None allows all of it but `stdlib_never`."""

    ours: frozenset[str] = frozenset()
    third_party: frozenset[str] = frozenset()
    stdlib: frozenset[str] | None = None
    stdlib_never: frozenset[str] = frozenset()
    body_only: frozenset[str] = frozenset()


_SCIENCE = Room(
    ours=_set("kernels arrays results units errors"),
    third_party=_set("numpy scipy") | PACKAGE_DATA,
    stdlib_never=FILES_AND_CLOCKS,
)
_RECORDS = Room(ours=_set("errors units"), third_party=_set("numpy"))
_ALL_BELOW_RUN = _set(
    "errors units arrays results kernels karyotype culture tumorigenicity telomerase assays compliance io "
    "lot report"
)

ROOMS = {
    "errors": Room(),
    "units": Room(),
    # One reader of YAML with line numbers for lot and compliance, which may not import each other.
    "yaml_lines": Room(ours=_set("errors"), third_party=SCHEMA | PACKAGE_DATA),
    "arrays": _RECORDS,
    "results": _RECORDS,
    "kernels": Room(third_party=_set("numpy"), stdlib=_set("__future__ math typing collections")),
    "karyotype": _SCIENCE,
    "culture": _SCIENCE,
    "tumorigenicity": _SCIENCE,
    "telomerase": _SCIENCE,
    "assays": _SCIENCE,
    "compliance": Room(ours=_set("results units errors yaml_lines"), third_party=SCHEMA | PACKAGE_DATA),
    "io": Room(
        ours=_set("arrays units errors kernels"),
        third_party=_set("numpy pysam pandas deflate bioframe defusedxml flowio flowutils python_calamine")
        | PACKAGE_DATA,
    ),
    "lot": Room(ours=_set("errors units yaml_lines"), third_party=SCHEMA | PACKAGE_DATA),
    "report": Room(
        ours=_set("results compliance errors units"),
        third_party=_set("numpy jinja2 markupsafe typst"),
    ),
    "run": Room(
        ours=_ALL_BELOW_RUN | {"genostab"},
        third_party=_set("numpy scipy pandas pysam numba rich dask distributed") | SCHEMA | PACKAGE_DATA,
    ),
    "cli": Room(
        ours=_set("run report lot errors genostab"),
        third_party=_set("click rich") | HEAVY | {"numpy"},
        body_only=HEAVY | {"numpy"},
    ),
    "genostab": Room(ours=_ALL_BELOW_RUN | {"run"}, body_only=_ALL_BELOW_RUN | {"run"}),
}
REFERENCE = Room(third_party=_set("numpy mpmath"))


@dataclass(frozen=True, kw_only=True)
class Import:
    """One imported module, where, and whether it runs when the file is imported."""

    module: str
    line: int
    at_import: bool


def imports_of(source: str, package: str) -> Iterator[Import]:
    """Every import of a file: top, nested, under TYPE_CHECKING, and `import_module("literal")`."""
    yield from _imports_below(ast.parse(source), package, at_import=True)


def _imports_below(node: ast.AST, package: str, *, at_import: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        nested = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing_only = isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")
        for module in _modules_named(child, package):
            yield Import(module=module, line=child.lineno, at_import=at_import)  # type: ignore[attr-defined]
        yield from _imports_below(child, package, at_import=at_import and not nested and not typing_only)


def _modules_named(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        parents = package.split(".")
        base = parents[: len(parents) - node.level + 1] if node.level else []
        module = ".".join([*base, *([node.module] if node.module else [])])
        return [f"{module}.{alias.name}" for alias in node.names] if module == "genostab" else [module]
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return [first.value]
    return []


def room_of(module: str) -> str:
    """Room of a dotted genostab name; one that is no room (`genostab.__version__`) belongs to `genostab`."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1].startswith("__"):
        return "genostab"
    return parts[1]


def arrow_violations(
    source: str, package: str, room_name: str, *, may_import_numba: bool = False
) -> list[str]:
    """Imports of one file that its room does not allow, as `line N: ...`.

    `package` is where relative imports start; `room_name` is a key of `ROOMS` or `reference`.
    """
    room = REFERENCE if room_name == "reference" else ROOMS.get(room_name)
    if room is None:
        return [f"line 1: the house has no room {room_name!r}"]
    allowed = room.third_party | ({"numba"} if may_import_numba else frozenset())
    found = []
    for item in imports_of(source, package):
        problem = _problem(item, room, room_name, allowed)
        if problem:
            found.append(f"line {item.line}: {problem}")
    return found


def _problem(item: Import, room: Room, room_name: str, third_party: frozenset[str]) -> str:
    root = item.module.partition(".")[0]
    name = room_of(item.module) if root == "genostab" else root
    if root == "genostab":
        allowed = name == room_name or name in room.ours
    elif root in sys.stdlib_module_names:
        allowed = (room.stdlib is None or root in room.stdlib) and root not in room.stdlib_never
    else:
        allowed = root in third_party or root == room_name == "reference"
    if not allowed:
        return f"{room_name} may not import {item.module}"
    if item.at_import and name != room_name and name in room.body_only:
        return f"{room_name} may import {item.module} only inside a function"
    return ""
