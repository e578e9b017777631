"""Numbers and text as people read them. The only place where a fraction becomes percent and a start 1-based."""

from __future__ import annotations

import math
import unicodedata

from genostab.results import Call, Estimate
from genostab.units import percent_from_fraction

NARROW = "\u202f"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_DIRECTIONS = {"ge": "≥", "le": "≤", "gt": ">", "lt": "<", "eq": "="}
_STATUSES = {
    "not_detected": "not detected",
    "below_loq": "below the limit of quantification",
    "invalid": "invalid",
    "not_computed": "not computed",
}
_KINDS = {"gain": "gain", "loss": "loss", "cnloh": "copy-neutral LOH"}


def visible(text: str) -> str:
    """Text in which control, direction and zero-width characters show as their code points.

    Notes
    -----
    A right-to-left override could make a FAIL read like something else (Unicode TR 36), and control characters have
    no place in HTML. Line feeds and tabs stay.

    Examples
    --------
    >>> visible("a\\u202eb")
    'a⟨U+202E⟩b'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) in _INVISIBLE and c not in "\n\t" else c for c in text
    )


def number(value: float, digits: int = 4) -> str:
    """A number with at most `digits` significant digits, never an exponent between 1e-9 and 1e15.

    Examples
    --------
    >>> number(299572.0), number(0.00031274), number(12.30), number(3e-12), number(float("inf"))
    ('299,572', '0.0003127', '12.3', '3e-12', 'infinite')
    """
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}".replace("-", "−")
    if abs(value) < 1e-9 or abs(value) >= 1e15:
        return f"{value:.{digits - 1}g}".replace("-", "−", 1) if value < 0 else f"{value:.{digits - 1}g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", "−")


def probability(value: float) -> str:
    """A probability with two significant digits.

    Examples
    --------
    >>> probability(0.031), probability(3.1e-9), probability(0.0)
    ('0.031', '3.1 × 10⁻⁹', '0')
    """
    if value == 0 or abs(value) >= 1e-3 or not math.isfinite(value):
        return number(value, 2)
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def quantity(value: float, unit: str, digits: int = 4) -> str:
    """A value with its unit; a fraction as percent.

    Examples
    --------
    >>> quantity(0.125, "fraction"), quantity(0.000005, "fraction"), quantity(20, "count")
    ('12.5\u202f%', '0.0005\u202f%', '20')
    >>> quantity(0.2, "EU/kg")
    '0.2\u202fEU/kg'
    """
    if unit == "fraction":
        # 12 digits first: 0.07 * 100 is 7.000000000000001
        return f"{number(float(f'{percent_from_fraction(value):.12g}'), digits)}{NARROW}%"
    if unit in ("", "count", "category"):
        return number(value, digits)
    return f"{number(value, digits)}{NARROW}{unit}"


def apart(value: float, limit: float, unit: str) -> str:
    """`value` with as many digits as it takes not to read like a limit that it does not equal.

    Examples
    --------
    >>> apart(0.899996, 0.9, "fraction"), apart(0.9, 0.9, "fraction")
    ('89.9996\u202f%', '90\u202f%')
    """
    for digits in range(4, 17):
        text = quantity(value, unit, digits)
        if value == limit or text != quantity(limit, unit, digits):
            return text
    return repr(value)


def interval(low: float | None, high: float | None, unit: str) -> str:
    """The interval of an estimate in words; "" where there is none, as with an exact count.

    Examples
    --------
    >>> interval(0.1, 0.2, "fraction"), interval(None, 0.001, "fraction"), interval(None, None, "h")
    ('10–20\u202f%', 'at most 0.1\u202f%', '')
    """
    if low is not None and low == high:
        return ""
    if low is None:
        return "" if high is None else f"at most {quantity(high, unit)}"
    if high is None:
        return f"at least {quantity(low, unit)}"
    first = quantity(low, unit)
    second = quantity(high, unit)
    suffix = second[second.find(NARROW) :] if NARROW in second else ""
    return f"{first.removesuffix(suffix)}–{second}"


def estimate_parts(estimate: Estimate) -> tuple[str, str]:
    """An estimate as (result, interval); the result is a status in words where nothing was measured.

    Examples
    --------
    >>> e = Estimate(estimate=None, low=None, high=1e-5, unit="fraction", level=0.95, method="exact", n=300000,
    ...              status="not_detected", lod=2e-5)
    >>> estimate_parts(e)
    ('not detected (LOD 0.002\u202f%)', 'at most 0.001\u202f%')
    """
    bounds = interval(estimate.low, estimate.high, estimate.unit)
    status = _STATUSES.get(estimate.status, "" if estimate.estimate is not None else "not computed")
    if not status and estimate.estimate is not None:
        return quantity(estimate.estimate, estimate.unit), bounds
    with_lod = estimate.lod is not None and estimate.status in ("not_detected", "below_loq")
    return f"{status} (LOD {quantity(estimate.lod or 0.0, estimate.unit)})" if with_lod else status, bounds


def status_text(estimate: Estimate) -> str:
    """What stands in place of a number that was not measured; "" where it was."""
    return _STATUSES.get(estimate.status, "")


def limit_text(direction: str, limit: float | str | None, unit: str) -> str:
    """A criterion's limit, e.g. "≥ 90 %"; "report" where the profile states none.

    Examples
    --------
    >>> limit_text("ge", 0.9, "fraction"), limit_text("absent", None, ""), limit_text("report", None, "")
    ('≥\xa090\u202f%', 'absent', 'no limit')
    """
    if limit is None or direction == "report":
        return "absent" if direction == "absent" else "no limit"
    value = limit if isinstance(limit, str) else quantity(limit, unit)
    sign = _DIRECTIONS.get(direction, direction)
    return value if sign == "=" and isinstance(limit, str) else f"{sign}\u00a0{value}"


def size_text(length_bp: int) -> str:
    """A length in Mb or kb.

    Examples
    --------
    >>> size_text(4_600_000), size_text(85_500), size_text(900)
    ('4.6\u202fMb', '85.5\u202fkb', '900\u202fbp')
    """
    for factor, unit in ((1e6, "Mb"), (1e3, "kb")):
        if length_bp >= factor:
            return f"{number(length_bp / factor, 3)}{NARROW}{unit}"
    return f"{length_bp}{NARROW}bp"


def region_text(chrom: str, start: int, end: int) -> str:
    """A 0-based half-open interval as the 1-based closed one that browsers and ISCN use.

    Examples
    --------
    >>> region_text("chr20", 31_000_000, 35_600_000)
    'chr20:31,000,001–35,600,000'
    """
    return f"{chrom}:{start + 1:,}–{end:,}"


def kind_text(kind: str) -> str:
    """The kind of a call in words."""
    return _KINDS.get(kind, kind)


_ALLELES = {("gain", 3): (2, 1), ("loss", 1): (1, 0), ("loss", 0): (0, 0), ("cnloh", 2): (2, 0)}


def allele_copies(call: Call) -> tuple[int, int] | None:
    """Copies of the major and the minor allele in the changed cells; None where the call does not tell them."""
    if call.minor_copies is not None:
        return call.copy_number - call.minor_copies, call.minor_copies
    if call.chrom == "chrY" or (call.chrom == "chrX" and call.kind != "cnloh" and call.copy_number in (0, 2)):
        return None
    return _ALLELES.get((call.kind, call.copy_number))


def alleles_text(call: Call) -> str:
    """Copies of either allele in words (``2 + 1``), "" where the call does not tell them."""
    copies = allele_copies(call)
    return "" if copies is None else f"{copies[0]} + {copies[1]}"


def call_label(call: Call) -> str:
    """A call in a few words for the figure, e.g. "20q11.21 gain, 31 %"."""
    place = call.bands or call.chrom.removeprefix("chr")
    fraction = call.cell_fraction.estimate
    share = "" if fraction is None else f", {quantity(fraction, 'fraction', 2)}"
    return f"{place} {_KINDS.get(call.kind, call.kind)}{share}"
