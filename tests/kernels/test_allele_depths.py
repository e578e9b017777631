"""count_alleles against the plain count: every depth equal, on records made byte by byte from the specification."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference.allele_depths
from genostab.kernels.allele_depths import count_alleles

CODES = "=ACMGRSVTWYHKDBN"
A, C, G, T = 1, 2, 4, 8
SITE_RANGE = np.array([[4, 9], [0, 4], [9, 9]], dtype=np.int64)
SITE_POSITION = np.array([0, 5, 60, 61, 3, 4, 10, 30, 99], dtype=np.int64)
SITE_ALLELES = np.array(
    [(A, C), (C, G), (G, T), (T, A), (A, G), (C, T), (A, C), (G, A), (T, G)], dtype=np.uint8
)


def record(
    contig, position, sequence, cigar, *, flag=0, mapq=60, qualities=None, mate=(-1, -1, 0), name=b"r"
):
    codes = [CODES.index(base) for base in sequence]
    if len(codes) % 2:
        codes.append(8)  # the unused half of the last byte is anything
    packed = bytes(high << 4 | low for high, low in zip(codes[::2], codes[1::2], strict=True))
    place = (contig, position, len(name) + 1, mapq, 0, len(cigar), flag, len(sequence), *mate)
    body = struct.pack("<iiBBHHHiiii", *place) + name + b"\0"
    body += b"".join(struct.pack("<I", length << 4 | operation) for length, operation in cigar)
    body += packed + bytes([30] * len(sequence) if qualities is None else qualities)
    return struct.pack("<i", len(body)) + body


def walk(function, data, *, min_mapq=20, min_base_quality=20, duplicates=False):
    depths, cursor = np.zeros((SITE_POSITION.size, 6), dtype=np.int64), np.array([-1, 0, 0])
    sites = (SITE_RANGE, SITE_POSITION, SITE_ALLELES)
    rules = (min_mapq, min_base_quality, duplicates)
    state = function(np.frombuffer(data, dtype=np.uint8), *sites, *rules, cursor, depths)
    return tuple(int(x) for x in state), depths


@st.composite
def records(draw):
    sequence = draw(st.text("ACGTACGTACGTN=R", max_size=40))
    cigar, rest = [], len(sequence)
    for operation in draw(st.lists(st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]), max_size=6)):
        length = draw(st.integers(0, 25))
        length = min(length, rest) if operation in (0, 1, 4, 7, 8) else length
        rest -= length if operation in (0, 1, 4, 7, 8) else 0
        cigar.append((length, operation))
    if draw(st.integers(0, 30)) == 0:
        cigar.append(draw(st.sampled_from([(3, 9), (1 << 27, 0), (50, 4), (1 << 27, 2)])))
    contig, position = draw(st.integers(-1, 3)), draw(st.integers(-1, 110))
    return record(
        contig,
        position,
        sequence,
        cigar,
        flag=draw(
            st.sampled_from([0, 16, 3 | 32, 3 | 32 | 64, 3 | 16, 3 | 48, 4, 256, 512, 1024, 2048, 11 | 32])
        ),
        mapq=draw(st.sampled_from([0, 19, 20, 60])),
        qualities=draw(st.binary(min_size=len(sequence), max_size=len(sequence))),
        mate=(
            draw(st.sampled_from([contig, contig, 1])),
            position + draw(st.integers(-20, 40)),
            draw(st.integers(-90, 90)),
        ),
    )


@given(
    parts=st.lists(records(), max_size=12),
    cut=st.integers(0, 60),
    min_mapq=st.sampled_from([0, 20]),
    min_base_quality=st.sampled_from([0, 20, 200]),
    duplicates=st.booleans(),
)
def test_equals_the_plain_count(parts, cut, **rules):
    data = b"".join(parts)
    data = data[: max(0, len(data) - cut)]
    mine, theirs = (
        walk(count_alleles, data, **rules),
        walk(reference.allele_depths.count_alleles, data, **rules),
    )
    assert mine[0] == theirs[0]
    if mine[0][1] == 0:
        np.testing.assert_array_equal(mine[1], theirs[1])


@given(data=st.binary(max_size=200))
def test_no_byte_string_is_read_outside_its_end(data):
    assert walk(count_alleles, data)[0] == walk(reference.allele_depths.count_alleles, data)[0]


def by_hand(parts, **rules):
    """{(site, column): reads} of the kernel, once it agrees with the plain count."""
    data = b"".join(parts)
    state, depths = walk(count_alleles, data, **rules)
    assert state == (len(data), 0)
    np.testing.assert_array_equal(depths, walk(reference.allele_depths.count_alleles, data, **rules)[1])
    return {(int(i), int(j)): int(depths[i, j]) for i, j in zip(*np.nonzero(depths), strict=True)}


def test_alleles_and_strands_written_by_hand():
    # Contig 0 has A>G at 3, C>T at 4, A>C at 10.
    assert by_hand([record(0, 2, "TACT", [(4, 0)])]) == {(4, 0): 1, (5, 0): 1}
    assert by_hand([record(0, 2, "TGTT", [(4, 0)], flag=16)]) == {(4, 3): 1, (5, 3): 1}
    assert by_hand([record(0, 2, "TTAT", [(4, 8)], flag=16)]) == {(4, 5): 1, (5, 5): 1}
    assert by_hand([record(0, 3, "=N", [(2, 7)])]) == {(4, 0): 1}
    assert by_hand([record(0, 3, "RA", [(2, 0)])]) == {(5, 4): 1}


@pytest.mark.parametrize(
    ("cigar", "sequence", "expected"),
    [
        ([(3, 4), (2, 0)], "AAAGT", {(4, 2): 1, (5, 2): 1}),  # soft clip takes bases, no reference
        ([(3, 5), (2, 0)], "GT", {(4, 2): 1, (5, 2): 1}),  # hard clip takes neither
        ([(1, 0), (2, 1), (1, 0)], "GAAT", {(4, 2): 1, (5, 2): 1}),  # insertion
        ([(1, 0), (2, 6), (1, 0)], "GT", {(4, 2): 1, (5, 2): 1}),  # padding
        ([(1, 0), (6, 2), (1, 0)], "GC", {(4, 2): 1, (6, 2): 1}),  # a deletion over site 5, then site 6
        ([(1, 0), (95, 3), (1, 0)], "GG", {(4, 2): 1, (8, 2): 1}),  # an intron over all but the last
        ([], "GT", {}),
        ([(2, 0)], "", {}),  # bases left out: nothing to be read
    ],
)
def test_cigars_written_by_hand(cigar, sequence, expected):
    assert by_hand([record(0, 3, sequence, cigar)]) == expected


@pytest.mark.parametrize("flag", [4, 256, 512, 1024, 2048])
def test_flags_that_are_not_counted(flag):
    read = record(0, 3, "GT", [(2, 0)], flag=flag)
    assert by_hand([read]) == {}
    assert bool(by_hand([read], duplicates=True)) == (flag == 1024)


def test_thresholds_include_themselves():
    assert by_hand([record(0, 3, "GT", [(2, 0)], mapq=19)]) == {}
    assert by_hand([record(0, 3, "GT", [(2, 0)], mapq=20, qualities=[20, 19])]) == {(4, 2): 1}
    assert by_hand([record(0, 3, "G", [(1, 0)], qualities=[255])]) == {(4, 2): 1}


def test_mates_that_overlap_count_once():
    left = record(0, 3, "G" * 8, [(8, 0)], flag=99, mate=(0, 4, 20))
    right = record(0, 4, "T" * 19, [(19, 0)], flag=147, mate=(0, 3, -20))
    # Site 3 from the left read alone, 4 and 10 from the right one only.
    assert by_hand([left, right]) == {(4, 2): 1, (5, 3): 1, (6, 5): 1}
    # Past the fragment's end the mate has nothing to say; an unknown length spares nothing.
    assert by_hand([record(0, 3, "G" * 8, [(8, 0)], flag=99, mate=(0, 3, 7))]) == {(6, 4): 1}
    for flag, mate in (
        (99, (0, 3, 0)),
        (97, (0, 3, 20)),
        (99, (1, 3, 20)),
        (107, (0, 3, 20)),
        (67, (0, 3, 20)),
    ):
        assert len(by_hand([record(0, 3, "G" * 8, [(8, 0)], flag=flag, mate=mate)])) == 3


def test_order_of_reads_does_not_matter():
    rng = np.random.default_rng(5)
    parts = [
        record(
            int(rng.integers(0, 3)),
            int(rng.integers(0, 95)),
            "".join(rng.choice(list("ACGT"), 20)),
            [(20, 0)],
        )
        for _ in range(200)
    ]
    ordered = sorted(parts, key=lambda part: struct.unpack_from("<ii", part, 4))
    assert by_hand(parts) == by_hand(ordered)
    assert sum(by_hand(parts).values()) > 60


def test_many_sites_are_searched_for():
    position = np.arange(0, 300_000, 3, dtype=np.int64)
    alleles = np.tile(np.array([[A, C]], dtype=np.uint8), (position.size, 1))
    depths = np.zeros((position.size, 6), dtype=np.int64)
    starts = [0, 299_990, 7, 150_000, 150_001, 2]
    data = b"".join(record(0, start, "A" * 9, [(9, 0)]) for start in starts)
    cursor, where = np.array([-1, 0, 0]), np.array([[0, position.size]])
    count_alleles(np.frombuffer(data, np.uint8), where, position, alleles, 20, 20, False, cursor, depths)
    expected = np.zeros(position.size)
    for start in starts:
        expected += (position >= start) & (position < start + 9)
    np.testing.assert_array_equal(depths[:, 0], expected)
    assert depths.sum() == expected.sum() == 18


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (struct.pack("<i", 8) + b"\0" * 40, 1),
        (struct.pack("<i", 2**31 - 1) + b"\0" * 40, 1),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 1, 60, 0, 0, 0, 500, -1, -1, 0), 2),
        (struct.pack("<i", 32) + struct.pack("<iiBBHHHiiii", 0, 0, 1, 60, 0, 60000, 0, 1, -1, -1, 0), 2),
        (record(3, 0, "A", [(1, 0)]), 3),
        (record(0, -1, "A", [(1, 0)]), 4),
        (record(0, 0, "A", [(2, 0)]), 5),
        (record(0, 0, "A", [(1, 9)]), 5),
        (record(0, 0, "AAAA", [(3, 4), (2, 0)]), 5),
    ],
)
def test_damage_is_named(data, status):
    for function in (count_alleles, reference.allele_depths.count_alleles):
        assert walk(function, data)[0] == (0, status)
