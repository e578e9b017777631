"""Spans of a text, by the text functions of Python; numbers by its float."""

import re
from math import isfinite, nan

_NUMBER = re.compile(rb"-?(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,3}))?")


def find_fields(text, separator, n_fields, columns, out_start, out_end):
    start = 0
    lines = bytes(text).split(b"\n")[:-1]
    for row, line in enumerate(lines):
        fields = line.split(bytes([separator]))
        is_printable = all(32 <= byte <= 126 or byte == separator for byte in line)
        if not line or len(fields) != n_fields or not is_printable:
            return -1 - row
        for column, field in enumerate(fields):
            for j in range(len(columns)):
                if columns[j] == column:
                    out_start[j][row], out_end[j][row] = start, start + len(field)
            start += len(field) + 1
    return len(lines)


def find_values(text, separator, start, end, wanted, layout, out_start, out_end):
    for row, (a, b) in enumerate(zip(start, end, strict=True)):
        for j in range(len(out_start)):
            out_start[j][row] = out_end[j][row] = 0
        places = [at for at in wanted[layout[row]] if at != -2]
        values, at = bytes(text[a:b]).split(bytes([separator])), a
        if len(values) > len(places):
            return -1 - row
        for value, place in zip(values, places, strict=False):
            if place >= 0:
                out_start[place][row], out_end[place][row] = at, at + len(value)
            at += len(value) + 1
    return len(start)


def number_texts(text, start, end, slots, out_code, out_first):
    codes = {}
    for row, (a, b) in enumerate(zip(start, end, strict=True)):
        own = bytes(text[a:b])
        if own not in codes:
            if len(codes) == len(out_first):
                return -1
            out_first[len(codes)] = row
        out_code[row] = codes.setdefault(own, len(codes))
    return len(codes)


def read_decimals(text, start, end, out_value, out_known):
    for row, (a, b) in enumerate(zip(start, end, strict=True)):
        own = bytes(text[a:b])
        number = _NUMBER.fullmatch(own)
        digits = number[1] + number[2] if number else b""
        power = int(number[3] or 0) - len(number[2]) if number else 0
        out_known[row] = 0 < len(digits) <= 15 and abs(power) <= 22
        out_value[row] = float(own) if out_known[row] else nan
        assert not out_known[row] or isfinite(out_value[row])
    return sum(not known for known in out_known)


def copy_spans(text, start, end, out_text):
    copied = b"".join(bytes(text[a:b]) + b"\n" for a, b in zip(start, end, strict=True))
    out_text[: len(copied)] = list(copied)
    return len(copied)
