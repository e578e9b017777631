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


EVERYWHERE = (np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
EDGES = (
    np.array([0, 4, 6, 6]),
    np.array([100, 150, 400, 1000, 0, 1]),
)  # contig 0: 100..150, 400..1000; 1: 0..1
NO_TELOMERES = np.empty(0, dtype=np.int64)
TELSEQ = np.array([7, 12, 48, 52])


def record(contig, position, mapq, flag, sequence, name=b"r", n_cigar=1, length=0):
    codes = ["=ACMGRSVTWYHKDBN".index(base) for base in sequence]
    if len(codes) % 2:
        codes.append(8)  # the unused half of the last byte is anything
    packed = bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
    place = (contig, position, len(name) + 1, mapq, 0, n_cigar, flag, len(sequence), -1, -1, length)
    body = struct.pack("<iiBBHHHiiii", *place)
    body += name + b"\0" + b"\0\0\0\0" * n_cigar + packed + b"\xff" * len(sequence)
    return struct.pack("<i", len(body)) + body


def walk(function, data, *, min_mapq=10, duplicates=False, bases=True, edges=EVERYWHERE, rule=NO_TELOMERES):
    counts = np.zeros((6, N_BINS), dtype=np.int64)
    fragments = np.zeros(502, dtype=np.int64)
    telomere, totals = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    array = np.frombuffer(data, dtype=np.uint8)
    out = (counts, fragments, telomere, totals)
    given = (CONTIG_BIN, CONTIG_LENGTH, *edges, 100, min_mapq, duplicates, bases, rule)
    state = function(array, *given, *out)
    return tuple(int(x) for x in state), *out


records = st.builds(
    record,
    contig=st.integers(-1, 3),
    position=st.integers(-1, 1100),
    mapq=st.sampled_from([0, 5, 10, 60]),
    flag=st.integers(0, 4095),
    sequence=st.lists(st.sampled_from([*"ACGTN=RY", "TTAGGG", "CCCTAA"]), max_size=21).map("".join),
    name=st.binary(min_size=1, max_size=5),
    n_cigar=st.integers(0, 3),
    length=st.one_of(st.integers(-600, 600), st.sampled_from([-(2**31), 2**31 - 1])),
)


@given(
    parts=st.lists(records, max_size=12),
    cut=st.integers(0, 60),
    min_mapq=st.sampled_from([0, 10]),
    duplicates=st.booleans(),
    bases=st.booleans(),
    edges=st.sampled_from([EVERYWHERE, EDGES]),
    rule=st.sampled_from([NO_TELOMERES, TELSEQ]),
)
def test_equals_the_plain_walk(parts, cut, **rules):
    data = b"".join(parts)
    data = data[: max(0, len(data) - cut)]
    mine, theirs = walk(count_records, data, **rules), walk(reference.bam.count_records, data, **rules)
    assert mine[0] == theirs[0]
    for own, plain in zip(mine[1:], theirs[1:], strict=True):
        np.testing.assert_array_equal(own, plain)


@given(data=st.binary(max_size=200))
def test_no_byte_string_is_read_outside_its_end(data):
    assert walk(count_records, data)[0] == walk(reference.bam.count_records, data)[0]


def test_counts_written_by_hand():
    data = (
        record(0, 150, 60, 0, "GCAT")
        + record(0, 150, 60, 0x1 | 0x2 | 0x10 | 0x40, "", length=-321)  # reverse, first of a proper pair
        + record(0, 150, 60, 1024, "GCAT")
        + record(0, 199, 0, 0, "GGGG")
        + record(1, 0, 60, 0x1 | 0x80, "CCN")  # second of a pair: bases, no count
        + record(1, 0, 5, 0, "A")
        + record(2, 10, 60, 0, "A")  # a contig that is not counted
        + record(0, 0, 60, 256, "A")
    )
    (used, status), counts, fragments, _, totals = walk(count_records, data)
    assert (used, status) == (len(data), 0)
    assert counts[:, 1].tolist() == [1, 1, 1, 1, 2, 4]
    assert counts[:, 10].tolist() == [0, 0, 0, 0, 2, 2]
    assert counts.sum() == 14
    assert np.flatnonzero(fragments).tolist() == [321]
    assert totals.tolist() == [8, 1, 1]
    kept = walk(count_records, data, duplicates=True)[1]
    assert kept[:, 1].tolist() == [2, 1, 1, 0, 4, 8]


def test_reads_count_where_they_start_inside_a_region():
    data = b"".join(record(0, at, 60, 0, "A") for at in (99, 100, 149, 150, 399, 400, 999))
    data += b"".join(record(1, at, 60, 0, "A") for at in (0, 1))
    counts = walk(count_records, data, edges=EDGES)[1]
    assert {int(i): int(counts[0, i]) for i in np.flatnonzero(counts[0])} == {1: 2, 4: 1, 9: 1, 10: 1}


def test_records_not_used_count_where_they_start_inside_a_region():
    places = ((0, 99), (0, 100), (1, 0), (2, 0), (3, 0), (-1, -1))
    data = b"".join(record(contig, at, 60, 4, "A") for contig, at in places)
    assert walk(count_records, data, edges=EDGES)[4].tolist() == [6, 2, 0]
    assert walk(count_records, data)[4].tolist() == [6, 6, 0]


@pytest.mark.parametrize(
    ("sequence", "telomeric", "matched"),
    [
        ("TTAGGG" * 7 + "A" * 58, 1, 0),  # 7 repeats in 100 bases, 21 % GC
        ("CCCTAA" * 7 + "A" * 58, 1, 0),
        ("TTAGGG" * 6 + "A" * 64, 0, 0),
        ("TTAGGG" * 4 + "CCCTAA" * 4 + "A" * 52, 0, 0),  # strands are not added up
        ("ATTAGGG" * 7 + "A" * 51, 1, 0),  # not in one run
        ("A" * 58 + "TTAGGG" * 7, 1, 0),
        (("TTAGGG" * 17)[:100], 1, 1),  # a whole telomere read: 16 repeats, 48 % GC
        ("TTAGGG" * 10 + "A" * 90, 0, 0),  # 150 bases need 11
        ("TTAGGG" * 11 + "A" * 84, 1, 0),
        ("N" * 58 + "TTAGGN" * 7, 0, 0),
        ("G" * 48 + "A" * 52, 0, 1),
        ("G" * 52 + "A" * 48, 0, 0),
        ("G" * 47 + "A" * 53, 0, 0),
    ],
)
@pytest.mark.parametrize("flag", [0, 4, 0x10 | 0x1 | 0x80])  # unmapped reads and second mates too
def test_telomere_reads_written_by_hand(sequence, telomeric, matched, flag):
    for function in (count_records, reference.bam.count_records):
        seen = walk(function, record(-1 if flag == 4 else 0, 0, 0, flag, sequence), rule=TELSEQ)[3]
        assert seen.tolist() == [1, telomeric, matched]


@pytest.mark.parametrize("flag", [256, 512, 1024, 2048])
def test_telomere_reads_are_primary_passed_and_no_duplicates(flag):
    assert walk(count_records, record(0, 0, 60, flag, "TTAGGG" * 20), rule=TELSEQ)[3].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (struct.pack("<i", 8) + b"\0" * 40, 1),
        (struct.pack("<i", -1) + b"\0" * 40, 1),
        (struct.pack("<i", 2**31 - 1) + b"\0" * 40, 1),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 1, 0, 0, 0, 0, 500, -1, -1, 0), 2),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 0, 0, 0, 0, 0, -7, -1, -1, 0), 2),
        (record(3, 0, 60, 0, "A"), 3),
        (record(0, 1000, 60, 0, "A"), 4),
    ],
)
def test_damage_is_named(data, status):
    assert walk(count_records, data)[0] == (0, status)
