"""House rules as pure functions: source text in, list of violations `line N: ...` out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

FORBIDDEN_CALLS = frozenset({"print", "eval", "exec", "__import__"})
FORBIDDEN_MODULES = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"})
FORBIDDEN_KEYWORDS = frozenset({"allow_pickle", "fastmath"})
FORBIDDEN_NUMBA = frozenset({"guvectorize", "prange"})
SHELL_CALLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput"})
SEEDED_RNG = frozenset({"Generator", "SeedSequence", "PCG64", "PCG64DXSM", "Philox", "BitGenerator"})

DTYPE = re.compile(r"\b(u?int(8|16|32|64)|float(32|64)|complex128|bool_?)\b")
SHAPE = re.compile(r"\bshape \(")
CODE = re.compile(r"\bGS-\d{4}\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def public_functions(tree: ast.Module) -> dict[str, Function]:
    """Module-level functions without a leading underscore."""
    return {
        node.name: node for node in tree.body if isinstance(node, Function) and not node.name.startswith("_")
    }


def argument_names(function: Function) -> list[str]:
    """All argument names in order."""
    spec = function.args
    named = [*spec.posonlyargs, *spec.args, *([spec.vararg] if spec.vararg else []), *spec.kwonlyargs]
    return [argument.arg for argument in [*named, *([spec.kwarg] if spec.kwarg else [])]]


# --- what source must not hold -----------------------------------------------------------------------------


def forbidden_violations(source: str, *, njit_allowed: bool = False) -> list[str]:
    """Printing, running code or a shell from data, unpickling, and numba outside the house's policy."""
    tree = ast.parse(source)
    yaml_names = _names_of_yaml_modules(tree)
    numba_names = FORBIDDEN_NUMBA if njit_allowed else FORBIDDEN_NUMBA | {"njit", "jit"}
    found = []
    for node in ast.walk(tree):
        for problem in (
            *_forbidden_import(node),
            *_forbidden_call(node, yaml_names),
            *(name for name in _names_in(node) if name in numba_names),
        ):
            found.append(f"line {getattr(node, 'lineno', 1)}: {problem}")
    return found


def _names_of_yaml_modules(tree: ast.Module) -> set[str]:
    aliases = [alias for node in ast.walk(tree) for alias in _aliases(node)]
    return {alias.asname or alias.name for alias in aliases if alias.name in {"yaml", "ruamel.yaml"}}


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _names_in(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute):
        return [node.attr]
    return [alias.name for alias in _aliases(node)]


def _forbidden_import(node: ast.AST) -> Iterator[str]:
    modules = [alias.name for alias in _aliases(node)] if isinstance(node, ast.Import) else []
    if isinstance(node, ast.ImportFrom) and node.module:
        modules = [node.module]
    yield from (f"import {name}" for name in modules if name.partition(".")[0] in FORBIDDEN_MODULES)


def _forbidden_call(node: ast.AST, yaml_names: set[str]) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    called = ast.unparse(node.func)
    if called in FORBIDDEN_CALLS or called in SHELL_CALLS:
        yield f"{called}()"
    if called in {f"{name}.{verb}" for name in yaml_names for verb in ("load", "load_all", "unsafe_load")}:
        yield f"{called}() builds objects; use a safe loader"
    if called.endswith("YAML") and "unsafe" in ast.unparse(node):
        yield "YAML(typ='unsafe')"
    for keyword in node.keywords:
        if keyword.arg in FORBIDDEN_KEYWORDS:
            yield f"{keyword.arg}="
        if keyword.arg == "shell" and ast.unparse(keyword.value) != "False":
            yield "shell="


def rng_violations(source: str, *, kernel: bool = False) -> list[str]:
    """Global or unseeded random numbers; a kernel may use no NumPy generator at all."""
    found = []
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"np.random", "numpy.random"}:
            seeded = node.attr in SEEDED_RNG or node.attr == "default_rng"
            if kernel or not seeded:
                found.append(f"line {node.lineno}: {ast.unparse(node)} is not a stream of (seed, unit, step)")
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng") and not node.args:
            found.append(f"line {node.lineno}: default_rng() without a seed")
        if any(alias.name == "random" for alias in _aliases(node)) and isinstance(node, ast.Import):
            found.append(f"line {node.lineno}: import random")
    return found


# --- pairs and docstrings ----------------------------------------------------------------------------------


def pair_violations(kernel_source: str, reference_source: str | None) -> list[str]:
    """Public functions and argument names that a kernel module and its plain twin do not share."""
    if reference_source is None:
        return ["line 1: no module of this name in reference/"]
    kernels = public_functions(ast.parse(kernel_source))
    twins = public_functions(ast.parse(reference_source))
    found = [f"line {kernels[name].lineno}: {name} has no twin" for name in kernels.keys() - twins.keys()]
    found += [f"line 1: the twin {name} has no kernel" for name in twins.keys() - kernels.keys()]
    for name in kernels.keys() & twins.keys():
        ours, theirs = argument_names(kernels[name]), argument_names(twins[name])
        if ours != theirs:
            found.append(
                f"line {kernels[name].lineno}: {name}({', '.join(ours)}) but twin ({', '.join(theirs)})"
            )
    return sorted(found)


def names_used(source: str) -> set[str]:
    """Every identifier that a file's code names; comments and strings do not count."""
    return {name for node in ast.walk(ast.parse(source)) for name in _names_in(node)}


def doc_sections(doc: str) -> dict[str, list[str]]:
    """Underlined numpydoc sections of a cleaned docstring, as lines."""
    lines = doc.splitlines()
    titles = [
        i for i in range(len(lines) - 1) if lines[i].strip() and re.fullmatch(r"-{3,}", lines[i + 1].strip())
    ]
    ends = [*titles[1:], len(lines)]
    return {lines[start].strip(): lines[start + 2 : end] for start, end in zip(titles, ends, strict=True)}


def doc_entries(lines: Iterable[str]) -> list[str]:
    """Entries of a section: an unindented line with the indented lines that go on below it."""
    entries: list[str] = []
    for line in lines:
        if line.strip() and not line.startswith(" "):
            entries.append(line)
        elif line.strip() and entries:
            entries[-1] += " " + line.strip()
    return entries


def kernel_doc_violations(source: str) -> list[str]:
    """Kernels whose docstring does not document every argument, or an array without its shape and dtype."""
    found = []
    for name, function in public_functions(ast.parse(source)).items():
        doc = ast.get_docstring(function)
        problems = _doc_problems(function, doc_sections(doc)) if doc else ["no docstring"]
        found += [f"line {function.lineno}: {name}: {problem}" for problem in problems]
    return found


def _doc_problems(function: Function, sections: dict[str, list[str]]) -> Iterator[str]:
    documented: dict[str, str] = {}
    for entry in doc_entries(sections.get("Parameters", [])):
        names = entry.partition(":")[0]
        documented |= {name.strip(): entry for name in names.split(",")}
    arguments = {a.arg: a.annotation for a in (*function.args.posonlyargs, *function.args.args)}
    yield from (f"argument {name} is not documented" for name in arguments.keys() - documented.keys())
    yield from (f"{name} is documented but no argument" for name in documented.keys() - arguments.keys())
    for name in arguments.keys() & documented.keys():
        if _is_array(arguments[name]):
            yield from (f"{name} names no {lack}" for lack in _lacks(documented[name]))
    if function.returns is None or ast.unparse(function.returns) != "None":
        text = " ".join(sections.get("Returns", []))
        if not text:
            yield "no Returns section"
        elif _is_array(function.returns):
            yield from (f"Returns names no {lack}" for lack in _lacks(text))


def _is_array(annotation: ast.expr | None) -> bool:
    """NDArray, or a capitalised alias of it, anywhere in the annotation."""
    if annotation is None:
        return False
    names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]
    return "ndarray" in ast.unparse(annotation) or any(name[0].isupper() for name in names)


def _lacks(text: str) -> list[str]:
    return [what for what, pattern in (("shape", SHAPE), ("dtype", DTYPE)) if not pattern.search(text)]


def summary_violations(source: str) -> list[str]:
    """Public functions without a docstring whose first line ends with a period."""
    found = []
    for name, function in public_functions(ast.parse(source)).items():
        doc = ast.get_docstring(function)
        if not doc:
            found.append(f"line {function.lineno}: {name} has no docstring")
        elif not doc.splitlines()[0].endswith("."):
            found.append(f"line {function.lineno}: {name}: the first line is no full sentence")
    return found


# --- size, frozen records ----------------------------------------------------------------------------------


def size_violations(source: str, *, max_file: int = 500, max_function: int = 60) -> list[str]:
    """Files and functions that are too long; a function's docstring does not count against it."""
    n_lines = len(source.splitlines())
    found = [f"line 1: the file has {n_lines} lines, limit {max_file}"] if n_lines > max_file else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, Function):
            length = code_lines(node)
            if length > max_function:
                found.append(f"line {node.lineno}: {node.name} has {length} lines, limit {max_function}")
    return found


def code_lines(function: Function) -> int:
    """Lines of a function from `def` to its end, without the docstring."""
    first = function.body[0]
    is_doc = ast.get_docstring(function) is not None
    doc = (first.end_lineno or first.lineno) - first.lineno + 1 if is_doc else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - doc


def frozen_violations(source: str) -> list[str]:
    """Dataclasses that are not frozen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            decorators = [ast.unparse(item) for item in node.decorator_list]
            found += [
                f"line {node.lineno}: {node.name} is not frozen"
                for text in decorators
                if "dataclass" in text and "frozen=True" not in text
            ]
    return found


# --- error codes -------------------------------------------------------------------------------------------


def codes_in_strings(source: str) -> set[str]:
    """GS codes that stand in string literals other than docstrings."""
    tree = ast.parse(source)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, Function | ast.ClassDef | ast.Module)
        and ast.get_docstring(node) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]
    return {code for text in strings for code in CODE.findall(text)}


def error_page_violations(page: str, codes: Iterable[str]) -> list[str]:
    """Codes without a section, sections without a code, and sections that lack a cause or a cure."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    sections = {part[:7]: part for part in parts if CODE.match(part)}
    found = [f"{code} has no section" for code in sorted(set(codes) - sections.keys())]
    found += [f"{code} is explained but unknown" for code in sorted(sections.keys() - set(codes))]
    for code, text in sorted(sections.items()):
        found += [
            f"{code} states no {word.lower()}" for word in ("Cause", "Cure") if f"**{word}.**" not in text
        ]
    return found


# --- tests that can fail -----------------------------------------------------------------------------------


def assertion_violations(source: str) -> list[str]:
    """Tests that assert nothing, themselves or through functions of the same file."""
    functions = {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, Function)}
    asserting = {name for name, node in functions.items() if _asserts(node)}
    grown = True
    while grown:
        callers = {
            name
            for name, node in functions.items()
            if name not in asserting and asserting & {n for child in ast.walk(node) for n in _names_in(child)}
        }
        asserting |= callers
        grown = bool(callers)
    return [
        f"line {node.lineno}: {name} asserts nothing"
        for name, node in functions.items()
        if name.startswith("test_") and name not in asserting
    ]


def _asserts(function: Function) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called in {"pytest.raises", "pytest.warns", "pytest.fail"}:
                return True
            if called.rpartition(".")[2].startswith("assert_"):
                return True
    return False


# --- text that belongs to one machine ----------------------------------------------------------------------

_MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:home|root|work|Users)/[\w.]+")
_PRIVATE_HOST = re.compile(r"\b[\w-]+\.(?:internal|lan|corp|localdomain)\b")
_ADDRESS = re.compile(r"(?<![\d.])(?:10|127|172|192)(?:\.\d{1,3}){3}(?![\d.])")


def machine_violations(text: str) -> list[str]:
    """Absolute home paths, private host names and addresses."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        hits = [pattern.search(line) for pattern in (_MACHINE_PATH, _PRIVATE_HOST, _ADDRESS)]
        found += [f"line {number}: {hit.group()}" for hit in hits if hit]
    return found
