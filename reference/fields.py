"""Lines of a table: how many fields each has, and one field of each, by the text functions of Python."""


def count_fields(text, separator, out_fields):
    lines = bytes(text).split(b"\n")[:-1]
    for row, line in enumerate(lines):
        out_fields[row] = len(line.split(bytes([separator]))) if line else 0
    return len(lines)


def copy_field(text, separator, column, out_text):
    lines = [line for line in bytes(text).split(b"\n") if line]
    rows = [line.split(bytes([separator])) for line in lines]
    copied = b"".join((row[column] if column < len(row) else b"") + b"\n" for row in rows)
    out_text[: len(copied)] = list(copied)
    return len(copied)
