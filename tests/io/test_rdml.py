"""RDML files: Cq by well, whatever the version and the name of the XML; damage, bombs and odd runs refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from genostab.errors import GenostabError
from genostab.io import rdml
from genostab.io.rdml import read_rdml_cq

FORMAT = (
    "<pcrFormat><rows>8</rows><columns>12</columns>"
    "<rowLabel>ABC</rowLabel><columnLabel>123</columnLabel></pcrFormat>"
)


def document(reacts: str, *, version: str = "1.3", plate: str = FORMAT, more: str = "") -> str:
    return (
        f'<rdml xmlns="http://www.rdml.org" version="{version}"><experiment id="e">'
        f'<run id="r1">{plate}{reacts}</run>{more}</experiment></rdml>'
    )


def react(number: int, cq: str | None, *, more: str = "") -> str:
    value = "" if cq is None else f"<cq>{cq}</cq>"
    curve = "<adp><cyc>1</cyc><fluor>2.0</fluor></adp>"
    return f'<react id="{number}"><sample id="s"/><data><tar id="t"/>{value}{more}{curve}</data></react>'


def write(folder: Path, text: str, *, name: str = "rdml_data.xml") -> Path:
    path = folder / "plate.rdml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, text)
    return path


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.2", "1.3", "1.4"])
@pytest.mark.parametrize("name", ["rdml_data.xml", "run of Monday.XML"])
def test_cq_by_well(tmp_path: Path, version: str, name: str) -> None:
    text = document(
        react(1, "20.25") + react(13, "-1.0") + react(96, None) + react(14, "NaN"), version=version
    )
    cq = read_rdml_cq(write(tmp_path, text, name=name))
    assert list(cq) == ["A1", "B1", "H12", "B2"]
    assert cq["A1"] == 20.25
    assert np.isnan([cq["B1"], cq["H12"], cq["B2"]]).all()


def test_format_of_version_1_0_and_384_wells(tmp_path: Path) -> None:
    text = document(react(25, "20"), version="1.0", plate="<pcrFormat>384-well plate; A1-P24</pcrFormat>")
    assert list(read_rdml_cq(write(tmp_path, text))) == ["B1"]


def test_the_run_with_cq_is_taken(tmp_path: Path) -> None:
    text = document(react(1, None), more=f'<run id="r2">{FORMAT}{react(2, "30")}</run>')
    assert read_rdml_cq(write(tmp_path, text)) == {"A2": 30.0}


def test_xml_beside_other_files(tmp_path: Path) -> None:
    path = write(tmp_path, document(react(1, "20")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("notes.xml", "<a/>")
        archive.writestr("plate.png", b"\x89PNG")
    assert read_rdml_cq(path) == {"A1": 20.0}


@pytest.mark.parametrize(
    ("text", "code", "found"),
    [
        (document(react(1, None)), "GS-2401", "runs r1"),
        (document(""), "GS-2401", "runs r1"),
        (
            document(react(1, "20"), more=f'<run id="r2">{FORMAT}{react(2, "30")}</run>'),
            "GS-2401",
            "runs r1, r2",
        ),
        (document(react(1, "20") + react(1, "21")), "GS-2401", "several targets"),
        (
            document(react(1, "20").replace("</react>", "<data><cq>3</cq></data></react>")),
            "GS-2401",
            "several",
        ),
        (document(react(1, "20", more="<excl>bubble</excl>")), "GS-2401", "excluded well (bubble)"),
        (document(react(1, "20,5")), "GS-2401", "20,5"),
        (document(react(1, "0")), "GS-2401", "cq '0'"),
        (document(react(1, "inf")), "GS-2401", "inf"),
        (document(react(0, "20")), "GS-2401", "no position"),
        (document(react(1, "20"), plate=""), "GS-2401", "without rows"),
        (document(react(1, "20"), plate=FORMAT.replace("ABC", "123")), "GS-2401", "without rows"),
        (document(react(1, "20"), version="2.0"), "GS-2004", "version 2.0"),
        ("<html/>", "GS-2004", "element html"),
        ("<rdml", "GS-2004", ""),
        ("", "GS-2004", ""),
        ('<!DOCTYPE r [<!ENTITY a "b">]><rdml version="1.3">&a;</rdml>', "GS-2004", ""),
    ],
)
def test_refusals(tmp_path: Path, text: str, code: str, found: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(path)
    assert caught.value.code == code
    assert found in caught.value.found
    assert str(path) in caught.value.where


def test_without_cq_says_that_raw_curves_come_later(tmp_path: Path) -> None:
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(write(tmp_path, document(react(1, None))))
    assert "raw curves comes in a later version" in caught.value.action


def test_entity_expansion_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 9))
    text = f'<!DOCTYPE rdml [<!ENTITY a0 "lol">{entities}]><rdml version="1.3">&a8;</rdml>'
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(write(tmp_path, text))
    assert caught.value.code == "GS-2004"


def test_zip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, document(react(1, "20")) + " " * (10 << 20))
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(path)
    assert caught.value.code == "GS-2005"
    monkeypatch.setattr(rdml, "MAX_XML_BYTES", 100)
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(write(tmp_path, document(react(1, "20"))))
    assert caught.value.code == "GS-2005"


def test_deep_xml_does_not_break_the_reader(tmp_path: Path) -> None:
    deep = "<a>" * 20000 + "</a>" * 20000
    assert read_rdml_cq(write(tmp_path, document(react(1, "20") + deep))) == {"A1": 20.0}


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"well,cq\nA1,20\n", b"\x00" * 100])
def test_no_zip(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plate.rdml"
    path.write_bytes(content)
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(path)
    assert caught.value.code == "GS-2004"


def test_any_damaged_byte_is_refused_or_harmless(tmp_path: Path) -> None:
    """Every byte flipped in turn, every prefix of the file: a refusal, or the same Cq; never a crash."""
    whole = write(tmp_path, document(react(1, "20.5") + react(2, "21"))).read_bytes()
    good = {"A1": 20.5, "A2": 21.0}
    damaged = [whole[:i] + bytes([whole[i] ^ 255]) + whole[i + 1 :] for i in range(len(whole))]
    path = tmp_path / "damaged.rdml"

    def outcome(content: bytes) -> dict[str, float] | str:
        path.write_bytes(content)
        try:
            return read_rdml_cq(path)
        except GenostabError as error:
            return error.code

    found = [outcome(content) for content in damaged + [whole[:i] for i in range(len(whole))]]
    refused = [item for item in found if isinstance(item, str)]
    assert set(refused) <= {"GS-2001", "GS-2004", "GS-2005"}
    assert len(refused) > len(whole)
    assert all(item == good for item in found if not isinstance(item, str))


def test_no_xml_or_several(tmp_path: Path) -> None:
    path = write(tmp_path, document(react(1, "20")), name="a.xml")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("b.xml", "<b/>")
    for file in (path, write(tmp_path / "..", "x", name="c.txt")):
        with pytest.raises(GenostabError) as caught:
            read_rdml_cq(file)
        assert caught.value.code == "GS-2004"
    with pytest.raises(GenostabError) as caught:
        read_rdml_cq(tmp_path / "none.rdml")
    assert caught.value.code == "GS-2001"
