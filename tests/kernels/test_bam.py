"""count_records against the plain walk: every count equal, on records made byte by byte from the specification."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference.bam
from genostab.kernels.bam import count_records

N_BINS = 20
CONTIG_BIN = np.array([0, 10, -1], dtype=np.int64)
CONTIG_LENGTH = np.array([1000, 1000, 500], dtype=np.int64)


def record(contig, position, mapq, flag, sequence, name=b"r", n_cigar=1):
    codes = ["=ACMGRSVTWYHKDBN".index(base) for base in sequence]
    if len(codes) % 2:
        codes.append(0)
    packed = bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
    body = struct.pack(
        "<iiBBHHHiiii", contig, position, len(name) + 1, mapq, 0, n_cigar, flag, len(sequence), -1, -1, 0
    )
    body += name + b"\0" + b"\0\0\0\0" * n_cigar + packed + b"\xff" * len(sequence)
    return struct.pack("<i", len(body)) + body


def walk(function, data, min_mapq=10):
    counts = np.zeros((5, N_BINS), dtype=np.int64)
    totals = np.zeros(3, dtype=np.int64)
    array = np.frombuffer(data, dtype=np.uint8)
    state = function(array, CONTIG_BIN, CONTIG_LENGTH, 100, min_mapq, counts, totals)
    return tuple(int(x) for x in state), counts, totals


records = st.builds(
    record,
    contig=st.integers(-1, 3),
    position=st.integers(-1, 1100),
    mapq=st.sampled_from([0, 5, 10, 60]),
    flag=st.integers(0, 4095),
    sequence=st.text("ACGTN=RY", max_size=21),
    name=st.binary(min_size=1, max_size=5),
    n_cigar=st.integers(0, 3),
)


@given(parts=st.lists(records, max_size=12), cut=st.integers(0, 60), min_mapq=st.sampled_from([0, 10]))
def test_equals_the_plain_walk(parts, cut, min_mapq):
    data = b"".join(parts)
    data = data[: max(0, len(data) - cut)]
    mine, theirs = walk(count_records, data, min_mapq), walk(reference.bam.count_records, data, min_mapq)
    assert mine[0] == theirs[0]
    assert (mine[1] == theirs[1]).all()
    assert (mine[2] == theirs[2]).all()


@given(data=st.binary(max_size=200))
def test_no_byte_string_is_read_outside_its_end(data):
    assert walk(count_records, data)[0] == walk(reference.bam.count_records, data)[0]


def test_counts_written_by_hand():
    data = (
        record(0, 150, 60, 0, "GCAT")
        + record(0, 150, 60, 1024, "GCAT")
        + record(0, 199, 0, 0, "GGGG")
        + record(1, 0, 60, 0x1 | 0x80, "CCN")  # second of a pair: bases, no count
        + record(1, 0, 5, 0, "A")
        + record(2, 10, 60, 0, "A")  # a contig that is not counted
        + record(0, 0, 60, 256, "A")
    )
    (used, status), counts, totals = walk(count_records, data)
    assert (used, status) == (len(data), 0)
    assert counts[:, 1].tolist() == [1, 1, 1, 2, 4]
    assert counts[:, 10].tolist() == [0, 0, 0, 2, 2]
    assert counts.sum() == 13
    assert totals.tolist() == [7, 1, 1]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (struct.pack("<i", 8) + b"\0" * 40, 1),
        (struct.pack("<i", -1) + b"\0" * 40, 1),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 1, 0, 0, 0, 0, 500, -1, -1, 0), 2),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 0, 0, 0, 0, 0, -7, -1, -1, 0), 2),
        (record(3, 0, 60, 0, "A"), 3),
        (record(0, 1000, 60, 0, "A"), 4),
    ],
)
def test_damage_is_named(data, status):
    assert walk(count_records, data)[0] == (0, status)
