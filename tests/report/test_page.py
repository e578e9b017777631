"""report.html: what stands in it, that it needs nothing from outside, and that text stays text."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from genostab.compliance.judge import overall
from genostab.report.document import GenomeTrack, ReportData
from genostab.report.page import report_html
from tests.report.sample import sample

VOID = {"meta", "link", "br", "img", "input", "hr", "col"}
ENUMERATED = {"verdict", "kind", "evidence", "status", "origin"}
PAYLOADS = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><svg onload=alert(1)>",
    "<svg/onload=alert(1)>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "<!--<script>alert(1)</script>-->",
    "-->]]><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "<template><script>alert(1)</script></template>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<object data=//evil.example></object>",
    "<form action=//evil.example><button>",
    "<style>@import '//evil.example/x.css';</style>",
    '" onmouseover=alert(1) x="',
    "' onmouseover=alert(1) x='",
    "` onmouseover=alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "\u202e<b>SSAP\u202c\u200b",
    "=cmd|' /C calc'!A0",
    "x, https://evil.example/<script src=//evil.example/x.js></script>",
)


class Structure(HTMLParser):
    """Start tags with their attribute names, text, and attribute values."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(sorted(name for name, _ in attrs))))
        self.values += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text.append(data)


def parse(page: bytes) -> Structure:
    structure = Structure()
    structure.feed(page.decode("utf-8"))
    structure.close()
    assert structure.open == []
    return structure


def with_text(value: Any, text: str) -> Any:
    """The same record with every free text in it replaced."""
    if isinstance(value, GenomeTrack):
        return dataclasses.replace(value, chrom_names=tuple(text for _ in value.chrom_names))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value,
            **{
                field.name: with_text(getattr(value, field.name), text)
                for field in dataclasses.fields(value)
                if field.name not in ENUMERATED | {"counts", "disposition"}
            },
        )
    if isinstance(value, str):
        return text
    if isinstance(value, tuple | list):
        return type(value)(with_text(item, text) for item in value)
    if isinstance(value, Mapping):
        return {f"{key}{text}": with_text(item, text) for key, item in value.items()}
    return value


@pytest.fixture(scope="module")
def small() -> ReportData:
    return sample(n_bins=600, n_snps=200)


@pytest.fixture(scope="module")
def full() -> bytes:
    return report_html(sample(n_bins=60_000, n_snps=60_000))


def test_sections_stand_in_order(small: ReportData) -> None:
    page = report_html(small).decode()
    order = ["conclusion", "verdicts", "genome", "calls", "unseen", "assays", "not-tested", "deviations",
             "methods", "provenance", "disposition"]  # fmt: skip
    at = [page.index(f'id="{name}"') for name in order]
    assert at == sorted(at)
    assert page.count('<html lang="en">') == 1
    assert "decision support; not a certificate of release" in page.lower()


def test_numbers_of_the_lot_stand_in_the_page(small: ReportData) -> None:
    text = (
        " ".join("".join(parse(report_html(small)).text).split()).replace("\u202f", " ").replace("\xa0", " ")
    )
    for expected in (
        "Lot NSC-2026-014", "chr20:31,350,001–33,900,000", "26.2–35.8 %",
        "sseq[GRCh38] 20q11.21(31350001_33900000)x2~3",
        "≥ 90 %", "LOD 0.1 %", "2,000,000 cells", "inside the immunoglobulin heavy-chain locus, masked in every sample",
        "q = 2 × 10⁻¹⁴", "46,XX,dup(20)(q11.21q11.21)", "✕ failed: isotype", "no animals file in the manifest",
        "95 % power at a false-positive rate of 0.001",
    ):  # fmt: skip
        assert expected in text, expected


def test_every_verdict_is_named_in_words(small: ReportData) -> None:
    structure = parse(report_html(small))
    text = "".join(structure.text)
    for verdict in small.verdicts:
        assert verdict.attribute in text
        assert verdict.verdict in text
    rows = [value for tag, name, value in structure.values if tag == "tr" and name == "id"]
    assert rows == [f"v{i}" for i in sorted_by_group(small)]


def sorted_by_group(data: ReportData) -> list[int]:
    groups = ["general cell", "NSC-specific", "general drug", "cell-drug", "not named in abstract"]
    return [i for group in groups for i, v in enumerate(data.verdicts, start=1) if v.group == group]


def test_disposition_and_signatures_are_blank(small: ReportData) -> None:
    page = report_html(small).decode()
    block = page[page.index('id="disposition"') : page.index("<footer>")]
    assert block.count("<td></td>") == 12
    for meaning in ("Prepared", "Reviewed", "Approved"):
        assert f'<th scope="row">{meaning}</th>' in block


def test_links_stay_inside_and_lead_somewhere(full: bytes) -> None:
    structure = parse(full)
    for tag, name, value in structure.values:
        if name in {"href", "src", "action", "data", "xlink:href", "poster", "srcset"}:
            assert (tag, value[:1]) == ("a", "#"), (tag, name, value)
            assert value[1:] in structure.ids
    assert len(structure.ids) == len(set(structure.ids))
    text = full.decode()
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    script = text[text.rindex("<script>") : text.rindex("</script>")]
    for word in (
        "fetch(",
        "XMLHttpRequest",
        "import(",
        "innerHTML",
        "eval(",
        "Function(",
        "http",
        "document.write",
    ):
        assert word not in script


def test_tables_and_figures_are_accessible(small: ReportData) -> None:
    structure = parse(report_html(small))
    for tag, names in structure.tags:
        if tag == "th":
            assert "scope" in names
        if tag == "svg":
            assert {"role", "aria-labelledby"} <= set(names)
        assert "style" not in names
    labelled = [value for _, name, value in structure.values if name == "aria-labelledby"]
    assert set(" ".join(labelled).split()) <= set(structure.ids)
    assert [tag for tag, _ in structure.tags].count("h1") == 1


def test_policy_allows_this_style_and_this_script_only(small: ReportData) -> None:
    page = report_html(small).decode()
    policy = next(
        value for _, name, value in parse(page.encode()).values if name == "content" and "default" in value
    )
    blocks = {
        "style-src": page[page.index("<style>") + 7 : page.index("</style>")],
        "script-src": page[page.rindex("<script>") + 8 : page.rindex("</script>")],
    }
    for directive, block in blocks.items():
        digest = base64.b64encode(hashlib.sha256(block.encode()).digest()).decode()
        assert f"{directive} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markup_in_any_text_changes_no_tag(small: ReportData, payload: str) -> None:
    # Text with an address or a dot is laid out in more parts, so the harmless one has them too.
    plain = ("a, http://b" if ", http" in payload else "a") + (".b" if payload.partition(".")[2] else "")
    harmless = parse(report_html(with_text(small, plain)))
    page = report_html(with_text(small, payload))
    attacked = parse(page)
    assert attacked.tags == harmless.tags
    assert not [name for _, names in attacked.tags for name in names if name.startswith("on")]
    shown = "".join(attacked.text)
    for hidden in "\x00\u202e\u202c\u200b":
        payload = payload.replace(hidden, f"⟨U+{ord(hidden):04X}⟩")
        assert hidden.encode() not in page
    assert shown.count(payload) > 100


def test_text_of_a_lone_surrogate_is_written(small: ReportData) -> None:
    page = report_html(dataclasses.replace(small, warnings=("file\udcff.csv",)))
    assert "⟨U+DCFF⟩".encode() in page


def test_lot_outside_its_alphabet_stays_out_of_the_style(small: ReportData) -> None:
    header = dataclasses.replace(small.header, lot='x"; } body { display: none } a { content: "')
    page = report_html(dataclasses.replace(small, header=header)).decode()
    assert "display: none } a" not in page[page.index("<style>") : page.index("</style>")]


def test_size_stays_under_the_goal(full: bytes) -> None:
    assert len(full) <= 1.5e6


def test_a_million_bins_stay_under_the_goal() -> None:
    assert len(report_html(sample(n_bins=1_000_000, n_snps=700_000))) <= 1.5e6


def test_same_data_give_the_same_bytes() -> None:
    code = (
        "import sys; from tests.report.sample import sample; from genostab.report.page import report_html; "
        "import hashlib; print(hashlib.sha256(report_html(sample(600, 200))).hexdigest())"
    )

    def digest(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    assert digest("1") == digest("2") == hashlib.sha256(report_html(sample(600, 200))).hexdigest() + "\n"


def bare() -> Iterator[ReportData]:
    data = sample(n_bins=600, n_snps=0)
    assert data.genome is not None
    empty = dataclasses.replace(data.genome, bin_ratio_log2=np.full_like(data.genome.bin_ratio_log2, np.nan))
    yield ReportData(header=data.header, overall=overall(()), verdicts=())
    yield dataclasses.replace(data, calls=(), sensitivity=(), measurements=(), details=(), qc=())
    yield dataclasses.replace(data, genome=empty)
    yield dataclasses.replace(data, genome=dataclasses.replace(
        data.genome, chrom_names=data.genome.chrom_names[:1], chrom_length_bp=data.genome.chrom_length_bp[:1],
        **{f"bin_{k}": getattr(data.genome, f"bin_{k}")[:40] for k in ("chrom", "start", "end", "ratio_log2")},
        **{f"segment_{k}": getattr(data.genome, f"segment_{k}")[:1] for k in ("chrom", "start", "end", "mean_log2")},
    ))  # fmt: skip


@pytest.mark.parametrize("case", range(4))
def test_page_of_a_lot_with_little_in_it(case: int) -> None:
    page = report_html(list(bare())[case])
    assert parse(page).tags
    assert not re.search(
        rb"\b(nan|inf|None|Undefined)\b", re.sub(rb"<script.*?</script>", b"", page, flags=re.DOTALL)
    )
