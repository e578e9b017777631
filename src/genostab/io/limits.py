"""Files opened under caps: size, expansion ratio, line length. Gzip is known by its magic, not its name."""

from __future__ import annotations

import functools
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import BinaryIO, Literal

from ruamel.yaml import YAML

from genostab.errors import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_BGZF_EOF = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Caps of ``limits.yaml``; bytes unless the name says otherwise."""

    table_compressed_bytes: int
    table_expanded_bytes: int
    stream_compressed_bytes: int
    stream_expanded_bytes: int
    ratio: float
    ratio_from_bytes: int
    line_bytes: int
    listed_problems: int


@functools.cache
def load_limits() -> Limits:
    """Caps that ship in the package."""
    text = resources.files("genostab.io").joinpath("data/limits.yaml").read_text(encoding="utf-8")
    raw = YAML(typ="safe").load(text)
    return Limits(
        table_compressed_bytes=raw["table"]["compressed_bytes"],
        table_expanded_bytes=raw["table"]["expanded_bytes"],
        stream_compressed_bytes=raw["stream"]["compressed_bytes"],
        stream_expanded_bytes=raw["stream"]["expanded_bytes"],
        ratio=raw["ratio"],
        ratio_from_bytes=raw["ratio_from_bytes"],
        line_bytes=raw["line_bytes"],
        listed_problems=raw["listed_problems"],
    )


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(
        "GS-2001",
        what="the file cannot be read",
        where=str(path),
        found=found,
        expected="a readable file",
        action="check the path and its permissions",
    )


def _over_limit(path: Path, found: str, expected: str) -> InputError:
    return InputError(
        "GS-2005",
        what="the file is over a limit",
        where=str(path),
        found=found,
        expected=expected,
        action="check that this is the file you meant; a real one is far smaller",
    )


def _truncated(path: Path, found: str, expected: str) -> InputError:
    return InputError(
        "GS-2003",
        what="the file is truncated",
        where=str(path),
        found=found,
        expected=expected,
        action="copy or write the file again to its end",
    )


def not_text(path: Path, found: str) -> InputError:
    """Refusal of bytes that are no text."""
    return InputError(
        "GS-2004",
        what="the file is not text",
        where=str(path),
        found=found,
        expected="UTF-8 text, plain or gzip-compressed",
        action="export it as plain text (UTF-8)",
    )


class _CappedReader(io.RawIOBase):
    """A readable that stops with an InputError at the caps, at a truncated end and at damaged compression."""

    def __init__(
        self, path: Path, source: BinaryIO, n_compressed: int, cap_bytes: int, gzipped: bool
    ) -> None:
        super().__init__()
        self._path, self._source, self._gzipped = path, source, gzipped
        self._n_compressed, self._cap_bytes = n_compressed, cap_bytes
        self._n_expanded = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._source.read(len(buffer))
        except EOFError as error:
            raise _truncated(self._path, "compressed data that stop early", "a whole gzip stream") from error
        except (zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                "GS-2102",
                what="damaged compression",
                where=f"{self._path}, after {self._n_expanded} expanded bytes",
                found=str(error),
                expected="an intact gzip stream",
                action="copy the file again from its source and compare checksums",
            ) from error
        except OSError as error:
            raise _unreadable(self._path, error.strerror or str(error)) from error
        buffer[: len(data)] = data
        self._n_expanded += len(data)
        self._check()
        return len(data)

    def _check(self) -> None:
        limits = load_limits()
        if self._n_expanded > self._cap_bytes:
            raise _over_limit(self._path, "more content", f"at most {self._cap_bytes} bytes, expanded")
        if not self._gzipped or self._n_expanded < limits.ratio_from_bytes:
            return
        if self._n_expanded > limits.ratio * self._n_compressed:
            raise _over_limit(
                self._path,
                f"{self._n_compressed} bytes that expand to more than {self._n_expanded}",
                f"at most {limits.ratio:g} expanded bytes per compressed byte",
            )

    def close(self) -> None:
        self._source.close()
        super().close()


def _check_bgzf_end(path: Path, source: BinaryIO, head: bytes, n_bytes: int) -> None:
    if not (len(head) >= 14 and head[3] & 4 and head[12:14] == b"BC"):
        return
    source.seek(max(0, n_bytes - len(_BGZF_EOF)))
    if source.read() != _BGZF_EOF:
        raise _truncated(
            path, "BGZF blocks without the end-of-file block", "the 28-byte empty block at the end"
        )
    source.seek(0)


@contextmanager
def open_bytes(
    path: str | Path, *, size: Literal["table", "stream"] = "stream"
) -> Iterator[io.BufferedReader[_CappedReader]]:
    """Expanded content of a plain, gzip or BGZF file, under the caps.

    Parameters
    ----------
    path : str or Path
    size : "table" for a file that is read whole, "stream" for one that is read piece by piece

    Yields
    ------
    io.BufferedReader

    Raises
    ------
    InputError
        GS-2001 missing or unreadable, GS-2002 empty, GS-2003 truncated, GS-2005 over a cap, GS-2102 damaged.
    """
    path = Path(path)
    limits = load_limits()
    caps = {
        "table": (limits.table_compressed_bytes, limits.table_expanded_bytes),
        "stream": (limits.stream_compressed_bytes, limits.stream_expanded_bytes),
    }
    cap_stored, cap_expanded = caps[size]
    try:
        source: BinaryIO = path.open("rb")
    except (OSError, ValueError) as error:
        raise _unreadable(path, getattr(error, "strerror", None) or str(error)) from error
    with source:
        head = source.read(18)
        n_bytes = source.seek(0, io.SEEK_END)
        source.seek(0)
        if n_bytes == 0:
            raise _empty(path)
        gzipped = head.startswith(_GZIP_MAGIC)
        cap = cap_stored if gzipped else cap_expanded
        if n_bytes > cap:
            raise _over_limit(path, f"{n_bytes} bytes", f"at most {cap} bytes")
        if gzipped:
            _check_bgzf_end(path, source, head, n_bytes)
        expanded: BinaryIO = gzip.GzipFile(fileobj=source, mode="rb") if gzipped else source  # type: ignore[assignment]
        with io.BufferedReader(
            _CappedReader(path, expanded, n_bytes, cap_expanded, gzipped), _CHUNK_BYTES
        ) as reader:
            yield reader


def _empty(path: Path) -> InputError:
    return InputError(
        "GS-2002",
        what="the file is empty",
        where=str(path),
        found="0 bytes",
        expected="data",
        action="check the step that wrote this file",
    )


def read_bytes_capped(path: str | Path) -> bytes:
    """Whole expanded content of a plain or gzip file.

    Raises
    ------
    InputError
        As `open_bytes`; GS-2002 also where the gzip holds nothing.
    """
    with open_bytes(path, size="table") as reader:
        # By itself a buffered reader goes on by a few kilobytes at a time.
        data = b"".join(iter(lambda: reader.read(_CHUNK_BYTES), b""))
    if not data:
        raise _empty(Path(path))
    return data


def read_text_capped(path: str | Path) -> str:
    """Whole content as UTF-8 text with ``\\n`` line ends; the last line must be ended.

    Raises
    ------
    InputError
        As `read_bytes_capped` and `text_of`.
    """
    return text_of(read_bytes_capped(path), path)


def text_of(data: bytes, path: str | Path) -> str:
    """Bytes of a file as UTF-8 text with ``\\n`` line ends; the last line must be ended.

    Raises
    ------
    InputError
        GS-2004 where the bytes are no text; GS-2003 where the last line has no end.
    """
    if b"\0" in data:
        raise not_text(Path(path), f"a NUL byte at offset {data.index(0)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_text(Path(path), f"byte 0x{data[error.start]:02x} at offset {error.start}") from error
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        raise _truncated(Path(path), "a last line without a line end", "a line end after the last line")
    return text


def open_text(path: str | Path) -> Iterator[str]:
    """Lines of a plain, gzip or BGZF text file, each with its ``\\n``.

    Raises
    ------
    InputError
        As `open_bytes`; GS-2003 where the last line has no end; GS-2004 where the bytes are no text; GS-2005
        where a line is too long.
    """
    path = Path(path)
    cap = load_limits().line_bytes
    with open_bytes(path) as reader, io.TextIOWrapper(reader, encoding="utf-8-sig", newline=None) as text:
        try:
            for line in iter(lambda: text.readline(cap), ""):
                if not line.endswith("\n"):
                    if len(line) >= cap:
                        raise _over_limit(path, "a longer line", f"lines of at most {cap} characters")
                    raise _truncated(path, "a last line without a line end", "a line end after the last line")
                if "\0" in line:
                    raise not_text(path, "a NUL byte")
                yield line
        except UnicodeDecodeError as error:
            raise not_text(path, f"byte 0x{error.object[error.start]:02x}") from error
