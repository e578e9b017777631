"""YAML that people write, as a pydantic model, or all of its errors together, each with file and line.

It lies below `lot/` (the manifest) and `compliance/` (the profiles), which may not import each other. It
reads plain data only: no tags, anchors, aliases, directives or duplicate keys, no large and no deep files.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML, events
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import ScalarNode

from genostab.errors import GenostabError, GenostabErrors, InputError, UsageError

MAX_BYTES = 262_144
MAX_DEPTH = 16
_MAX_SHOWN = 80
_PLAIN_TAGS = tuple(f"tag:yaml.org,2002:{kind}" for kind in ("null", "bool", "int", "float"))
# control and invisible direction characters could rewrite a terminal or a report
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")

Loc = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Document:
    """Plain data of one YAML file; `lines` maps each key's path to its 1-based line, the root being ()."""

    name: str
    data: object
    lines: Mapping[Loc, int]
    problems: tuple[UsageError, ...]

    def where(self, loc: Loc) -> str:
        """File and line of the deepest part of `loc` that the file holds."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return f"{self.name}:{self.lines.get(loc, 1)}"


@dataclass(frozen=True, kw_only=True)
class _Open:
    """A block or list that is still being read."""

    value: dict[str, object] | list[object]
    loc: Loc


def _broken(where: str, found: str, expected: str, action: str) -> UsageError:
    return UsageError(
        "GS-1101", what="the YAML cannot be read", where=where, found=found, expected=expected, action=action
    )


def _unreadable(code: str, path: Path, found: str, expected: str, action: str) -> GenostabErrors:
    what = "the file cannot be read"
    error = InputError(code, what=what, where=str(path), found=found, expected=expected, action=action)
    return GenostabErrors([error])


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or "no usable file name"
        action = "check the name and the permissions"
        raise _unreadable("GS-2001", path, found, "a readable YAML file", action) from None
    if len(raw) > MAX_BYTES:
        expected = f"at most {MAX_BYTES} bytes of YAML"
        raise _unreadable("GS-2005", path, "more bytes", expected, "name data files in it, hold no data")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{raw[error.start]:02x}"
        refusal = _broken(f"{path}:{line}", found, "UTF-8 text", "save the file as UTF-8")
        raise GenostabErrors([refusal]) from None


def _forbidden(event: events.Event) -> str | None:
    if isinstance(event, events.AliasEvent) or getattr(event, "anchor", None) is not None:
        return "an anchor or alias"
    tag = getattr(event, "tag", None)
    if tag is not None:
        return f"a tag {tag:.{_MAX_SHOWN}}"
    if isinstance(event, events.DocumentStartEvent) and (event.version or event.tags):
        return "a % directive"
    return None


class _Builder:
    """Events of one document to plain data; iterative, so that no depth can overflow the stack."""

    def __init__(self, name: str, yaml: YAML) -> None:
        self.name = name
        self.yaml = yaml
        self.lines: dict[Loc, int] = {(): 1}
        self.problems: list[UsageError] = []
        self.stack: list[_Open] = []
        self.key: str | None = None
        self.root: object = None

    def scalar(self, event: events.ScalarEvent, where: str) -> object:
        text = str(event.value)
        if _UNSAFE.search(text):
            self.problems.append(
                _broken(where, "a control or invisible character", "plain text", "type the text again")
            )
        tag = self.yaml.resolver.resolve(ScalarNode, event.value, event.implicit)
        if str(tag) not in _PLAIN_TAGS:
            return text
        try:
            value: object = self.yaml.constructor.construct_object(ScalarNode(tag, event.value))
            str(value)  # 0x, 0o and 0b give integers of any length, which Python then refuses to write
        except (ValueError, YAMLError):
            return text
        return value

    def take_key(self, top: _Open, event: events.Event, line: int) -> None:
        where = f"{self.name}:{line}"
        if not isinstance(event, events.ScalarEvent):
            raise GenostabErrors([_broken(where, "a list or block as a key", "a word as a key", "quote it")])
        self.key = str(event.value)
        loc = (*top.loc, self.key)
        if self.key in top.value:
            found = f"{self.key!r:.{_MAX_SHOWN}} again, first on line {self.lines[loc]}"
            self.problems.append(_broken(where, found, "every key once", "keep one of the two"))
        self.lines[loc] = line

    def place(self, value: object, line: int) -> Loc:
        if not self.stack:
            self.root = value
            self.lines[()] = line
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            loc: Loc = (*top.loc, len(top.value))
            self.lines[loc] = line
            top.value.append(value)
            return loc
        assert self.key is not None
        top.value[self.key] = value
        loc, self.key = (*top.loc, self.key), None
        return loc

    def take(self, event: events.Event) -> None:
        line = event.start_mark.line + 1
        where = f"{self.name}:{line}"
        found = _forbidden(event)
        if found is not None:
            raise GenostabErrors([_broken(where, found, "plain YAML", "write the value out")])
        if isinstance(event, events.MappingEndEvent | events.SequenceEndEvent):
            self.stack.pop()
            return
        if not isinstance(event, events.ScalarEvent | events.CollectionStartEvent):
            return
        top = self.stack[-1] if self.stack else None
        if top is not None and isinstance(top.value, dict) and self.key is None:
            self.take_key(top, event, line)
            return
        if isinstance(event, events.ScalarEvent):
            self.place(self.scalar(event, where), line)
            return
        if len(self.stack) >= MAX_DEPTH:
            expected = f"at most {MAX_DEPTH} levels"
            raise GenostabErrors([_broken(where, "deeper blocks", expected, "flatten the file")])
        value: dict[str, object] | list[object] = {} if isinstance(event, events.MappingStartEvent) else []
        self.stack.append(_Open(value=value, loc=self.place(value, line)))


def parse_document(text: str, name: str) -> Document:
    """Plain data of YAML `text` with the line of every key.

    Parameters
    ----------
    text : str, YAML 1.2
    name : str, the file's name for messages

    Returns
    -------
    Document, `problems` holding duplicate keys and unsafe characters, to be reported with the rest

    Raises
    ------
    GenostabErrors
        GS-1101 where reading cannot go on: no YAML, tags, anchors, directives, too deep, two documents.

    Examples
    --------
    >>> document = parse_document("lot: A1\\nsize: [1, 2]", "lot.yaml")
    >>> document.data, document.where(("size", 1))
    ({'lot': 'A1', 'size': [1, 2]}, 'lot.yaml:2')
    """
    yaml = YAML(typ="safe", pure=True)
    builder = _Builder(name, yaml)
    documents = 0
    try:
        for event in yaml.parse(text):
            documents += isinstance(event, events.DocumentStartEvent)
            if documents > 1:
                where = f"{name}:{event.start_mark.line + 1}"
                raise GenostabErrors([_broken(where, "a second document", "one document", "split the file")])
            builder.take(event)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = 1 if mark is None else mark.line + 1
        found = getattr(error, "problem", None) or "characters that YAML does not allow"
        raise GenostabErrors(
            [_broken(f"{name}:{line}", f"{found:.{_MAX_SHOWN}}", "YAML 1.2", "correct this line")]
        ) from None
    return Document(name=name, data=builder.root, lines=builder.lines, problems=tuple(builder.problems))


def _block_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((block for arg in get_args(annotation) if (block := _block_of(arg)) is not None), None)


def _keys_at(model: type[BaseModel], loc: Loc) -> list[str]:
    block: type[BaseModel] | None = model
    for part in loc:
        if block is None:
            return []
        if isinstance(part, str):
            named = [f for name, f in block.model_fields.items() if part in (name, f.alias)]
            # a part that is no field is a key of a mapping of blocks
            block = _block_of(named[0].annotation) if named else block
    return [] if block is None else [field.alias or name for name, field in block.model_fields.items()]


def did_you_mean(word: str, known: list[str]) -> str:
    """A hint at the known word nearest to `word`, or what the known words are.

    Examples
    --------
    >>> did_you_mean("tumorgenicity", ["tumorigenicity", "flow"])
    "did you mean 'tumorigenicity'?"
    >>> did_you_mean("x", ["flow"])
    'use one of: flow'
    """
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else "use one of: " + ", ".join(known)


def _held(document: Document, loc: Loc) -> Loc:
    while loc not in document.lines and loc:
        loc = loc[:-1]
    return loc


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def _usage_error(document: Document, model: type[BaseModel], detail: ErrorDetails) -> UsageError:
    kind, loc = detail["type"], detail["loc"]
    held = _held(document, loc)
    key = ".".join(str(part) for part in held) or "the file"
    where = document.where(held)
    if kind == "extra_forbidden":
        known = _keys_at(model, held[:-1])
        return UsageError(
            "GS-1102",
            what=f"unknown key {str(held[-1])[:_MAX_SHOWN]!r}",
            where=where,
            found=f"{key:.{_MAX_SHOWN}}",
            expected="one of: " + ", ".join(known),
            action=did_you_mean(str(held[-1]), known),
        )
    if kind == "missing":
        return UsageError(
            "GS-1103",
            what=f"the key {str(loc[-1])!r} is missing",
            where=where,
            found=f"{key} without {loc[-1]}",
            expected=f"{loc[-1]}: a value",
            action=f"add {loc[-1]}",
        )
    expected = detail["msg"]
    for prefix in ("Input should be ", "String should ", "Value error, "):
        expected = expected.removeprefix(prefix)
    if kind == "model_type":
        expected = "a block with the keys " + ", ".join(_keys_at(model, held))
    return UsageError(
        kind if kind.startswith("GS-") else "GS-1104",
        what=f"wrong value of {key}",
        where=where,
        found=_shown(detail["input"]),
        expected=expected,
        action=detail.get("ctx", {}).get("action", f"correct {key}"),
    )


def _line_of(error: GenostabError) -> int:
    return int(error.where.rpartition(":")[2])


def load_model(path: Path, model: type[Model], context: Mapping[str, object] | None = None) -> Model:
    """A YAML file as a validated `model`.

    Parameters
    ----------
    path : Path of the file
    model : pydantic class; a validator may raise PydanticCustomError with a GS code as its type and an
        ``action`` in its context
    context : mapping handed to the validators

    Returns
    -------
    An instance of `model`

    Raises
    ------
    GenostabErrors
        GS-2001 or GS-2005 where the file cannot be read, GS-1101 where it is no plain YAML; GS-1102, GS-1103,
        GS-1104 or the validators' own codes, all of a file together.
    """
    document = parse_document(_read_text(path), str(path))
    refused: dict[tuple[str, str, str], UsageError] = {}
    try:
        record = model.model_validate(document.data, context=dict(context or {}))
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            usage = _usage_error(document, model, detail)
            refused.setdefault((usage.code, usage.where, usage.what), usage)
    else:
        if not document.problems:
            return record
    raise GenostabErrors(sorted([*document.problems, *refused.values()], key=_line_of))
