"""RDML files (real-time PCR data markup language): Cq values per well of the run that holds them."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError  # the exception alone; parsing is by defusedxml

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from genostab.errors import InputError
from genostab.io.limits import load_limits
from genostab.io.tables import parse_number

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MAX_XML_BYTES = 256 << 20  # the largest real file met, 672 wells with melting curves, is 10 MB
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4")  # the place of cq did not change
_CALL_CQ = (
    "let the instrument call Cq and export again; quantification from raw curves comes in a later version"
)
_BAD_ZIP = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
)
_FORMAT_1_0 = re.compile(r"\d+-well plate; A1-[A-P](\d+)")  # from memory


def read_rdml_cq(path: str | Path) -> dict[str, float]:
    """Quantification cycle of each well, from the Cq elements of the one run that has them.

    Parameters
    ----------
    path : RDML file, a zip with one XML file of any name; versions 1.0 to 1.4

    Returns
    -------
    dict, well name (``A1``) -> cycles, NaN where the file says "not available"; in file order

    Raises
    ------
    InputError
        GS-2001 missing, GS-2004 no RDML, GS-2005 over a cap, GS-2401 no Cq, several runs or targets per well,
        excluded wells, or a Cq that is no number

    Notes
    -----
    A negative cq means "not available" (schema of RDML 1.1, element dataType/cq).
    """
    root = _parse(path)
    version = root.get("version", "none")
    if _local(root) != "rdml" or version not in VERSIONS:
        raise _refused(
            "GS-2004",
            path,
            what="this is no RDML of a known version",
            found=f"element {_local(root)}, version {version}",
            expected=f"element rdml, version {', '.join(VERSIONS)}",
            action="export the run again as RDML, or as a table with columns well and cq",
        )
    runs = [run for experiment in _children(root, "experiment") for run in _children(experiment, "run")]
    with_cq = [run for run in runs if any(_cq_elements(react) for react in _children(run, "react"))]
    if len(with_cq) != 1:
        names = ", ".join(run.get("id", "?") for run in (with_cq or runs)) or "none"
        raise _refused(
            "GS-2401",
            path,
            what="the RDML has no Cq values" if not with_cq else "the RDML has Cq values of several runs",
            found=f"runs {names}",
            expected="Cq values in exactly one run",
            action="export one run per file" if with_cq else _CALL_CQ,
        )
    return _cq_by_well(path, with_cq[0])


def _cq_by_well(path: str | Path, run: Element) -> dict[str, float]:
    columns = _columns(path, run)
    cq: dict[str, float] = {}
    for react in _children(run, "react"):
        well = _well(path, react, columns)
        data = _children(react, "data")
        if len(data) > 1 or well in cq:
            raise _bad_well(path, well, "several targets in one well", "one target per well")
        if any(_children(item, "excl") for item in data):
            reason = " ".join(text.text or "" for item in data for text in _children(item, "excl"))
            raise _bad_well(
                path, well, f"an excluded well ({reason.strip() or 'no reason'})", "no excluded well"
            )
        texts = [(element.text or "").strip() for element in _cq_elements(react)]
        value = parse_number(texts[0]) if texts and texts[0].casefold() not in ("", "nan") else np.nan
        if value is None or value == 0.0:
            raise _bad_well(path, well, f"cq {texts[0]!r}", "a number of cycles above 0, or -1 for none")
        cq[well] = np.nan if value < 0.0 else value
    return cq


def _columns(path: str | Path, run: Element) -> int:
    """Wells per row of the plate."""
    for plate in _children(run, "pcrFormat"):
        texts = {_local(child): (child.text or "").strip() for child in plate}
        labels = texts.get("rowLabel"), texts.get("columnLabel")
        if labels == ("ABC", "123") and texts.get("columns", "").isdecimal() and int(texts["columns"]) > 0:
            return int(texts["columns"])
        match = _FORMAT_1_0.fullmatch((plate.text or "").strip())
        if match:
            return int(match[1])
    raise _refused(
        "GS-2401",
        path,
        what="the plate format cannot be read",
        found=f"run {run.get('id', '?')} without rows A, B, C and columns 1, 2, 3",
        expected="pcrFormat of a 48-, 96- or 384-well plate",
        action="export the plate as a table with columns well and cq",
    )


def _well(path: str | Path, react: Element, columns: int) -> str:
    number = react.get("id", "")
    if not number.isdecimal() or not 1 <= int(number) <= 26 * columns:
        raise _bad_well(path, number or "without id", "no position on the plate", "a react id from 1")
    row, column = divmod(int(number) - 1, columns)
    return f"{chr(ord('A') + row)}{column + 1}"


def _parse(path: str | Path) -> Element:
    text = _read_xml(path)
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise _refused(
            "GS-2004",
            path,
            what="the XML of the RDML cannot be read",
            found=str(error) or type(error).__name__,
            expected="well-formed XML without DTD",
            action="export the run again",
        ) from error
    return root


def _read_xml(path: str | Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            member = _xml_member(path, archive)
            with archive.open(member) as file:
                text = file.read(MAX_XML_BYTES + 1)
    except OSError as error:
        raise _refused(
            "GS-2001",
            path,
            what="the RDML cannot be read",
            found=error.strerror or "no access",
            expected="a readable file",
            action="check path and permissions",
        ) from error
    except _BAD_ZIP as error:
        raise _refused(
            "GS-2004",
            path,
            what="this is no RDML",
            found=str(error) or "a damaged zip",
            expected="a zip file, not encrypted, with one XML inside",
            action="export the run again as RDML",
        ) from error
    if len(text) > MAX_XML_BYTES:
        raise _too_large(path, "more than it states")
    return text


def _xml_member(path: str | Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """The one XML of the archive, whatever its name: instruments name it after the run."""
    members = [item for item in archive.infolist() if item.filename.casefold().endswith(".xml")]
    named = [item for item in members if item.filename == "rdml_data.xml"] or members
    if len(named) != 1:
        raise zipfile.BadZipFile(f"{len(members)} XML files in {len(archive.infolist())} members")
    if named[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"compression method {named[0].compress_type}")
    limits = load_limits()
    size, packed = named[0].file_size, max(named[0].compress_size, 1)
    if size > MAX_XML_BYTES or (size > limits.ratio_from_bytes and size > limits.ratio * packed):
        raise _too_large(path, f"{packed} bytes that expand to {size}")
    return named[0]


def _too_large(path: str | Path, found: str) -> InputError:
    return _refused(
        "GS-2005",
        path,
        what="the RDML is over a limit",
        found=found,
        expected=f"at most {MAX_XML_BYTES} bytes of XML, {load_limits().ratio:g} per compressed byte",
        action="check that this is the file you meant; a real one is far smaller",
    )


def _bad_well(path: str | Path, well: str, found: str, expected: str) -> InputError:
    return _refused(
        "GS-2401",
        f"{path}, well {well}",
        what="a well of the RDML cannot be used",
        found=found,
        expected=expected,
        action="correct the run in the instrument's software and export again",
    )


def _refused(
    code: str, where: str | Path, *, what: str, found: str, expected: str, action: str
) -> InputError:
    return InputError(code, what=what, where=str(where), found=found, expected=expected, action=action)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element if _local(child) == name]


def _cq_elements(react: Element) -> list[Element]:
    return [cq for data in _children(react, "data") for cq in _children(data, "cq")]
