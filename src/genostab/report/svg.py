"""SVG as text: elements with escaped attributes and children, and paths that hold thousands of marks in one element."""

from __future__ import annotations

from markupsafe import Markup, escape

from genostab.report.document import Float64
from genostab.report.wording import visible


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal and no trailing zero.

    Examples
    --------
    >>> coordinate(12.0), coordinate(-0.04), coordinate(3.26)
    ('12', '0', '3.3')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def tag(name: str, *children: str | Markup, **attributes: str | float) -> Markup:
    """One element; text children and attribute values are escaped, ``class_`` and ``stroke_width`` lose the underscore.

    Examples
    --------
    >>> str(tag("text", "a<b", x=1.26, class_="tick"))
    '<text x="1.3" class="tick">a&lt;b</text>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_attribute(value))}"'
        for key, value in attributes.items()
    )
    inner = "".join(child if isinstance(child, Markup) else escape(visible(child)) for child in children)
    # Every part above went through escape(); the tag and attribute names are literals of this package.
    return Markup(f"<{name}{written}>{inner}</{name}>")  # noqa: S704


def _attribute(value: str | float) -> str:
    return visible(value) if isinstance(value, str) else coordinate(value)


def dots_path(x: Float64, y: Float64) -> str:
    """Path data of one dot per point, drawn with a round line cap.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,), pixels; no NaN

    Examples
    --------
    >>> import numpy as np
    >>> dots_path(np.array([1.0, 2.5]), np.array([3.0, 4.0]))
    'M1 3h0M2.5 4h0'
    """
    pairs = zip(x.tolist(), y.tolist(), strict=True)
    return "".join(f"M{coordinate(a)} {coordinate(b)}h0" for a, b in pairs)


def bars_path(x: Float64, top: Float64, bottom: Float64) -> str:
    """Path data of one vertical line per point, from top to bottom.

    Parameters
    ----------
    x, top, bottom : ndarray of float64, shape (n,), pixels; no NaN

    Examples
    --------
    >>> import numpy as np
    >>> bars_path(np.array([1.0]), np.array([3.0]), np.array([9.0]))
    'M1 3V9'
    """
    rows = zip(x.tolist(), top.tolist(), bottom.tolist(), strict=True)
    return "".join(f"M{coordinate(a)} {coordinate(b)}V{coordinate(c)}" for a, b, c in rows)
