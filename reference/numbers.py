"""Tables of whole numbers as text: digits, tabs, line feeds, by the text functions of Python."""


def read_numbers(text, out_numbers):
    n_rows, n_columns = out_numbers.shape
    lines = bytes(text).decode("latin-1").split("\n")
    for row, line in enumerate(lines[:-1]):
        cells = line.split("\t")
        if row >= n_rows or len(cells) != n_columns:
            return -1 - row
        for column, cell in enumerate(cells):
            if not all(letter in "0123456789" for letter in cell) or len(cell.lstrip("0")) > 18:
                return -1 - row
            out_numbers[row, column] = int(cell) if cell else -1
    return len(lines) - 1 if lines[-1] == "" else -len(lines)


def write_numbers(numbers, out_text):
    rows = ["\t".join(str(int(number)) if number >= 0 else "" for number in row) for row in numbers]
    text = "".join(row + "\n" for row in rows).encode()
    if len(text) > out_text.size:
        return -1
    out_text[: len(text)] = list(text)
    return len(text)
