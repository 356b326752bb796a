"""Damaged versions of honest inputs, which Hypothesis draws and shrinks."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from hypothesis import strategies as st

Change = tuple[int, int, int, int]  # what to do, where, how much of it, and a number for it

# where sizes, offsets and counts end, overflow or wrap
NUMBERS = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62, (1 << 64) - 1)
WIDTHS = (1, 2, 4, 8)
LONGEST_REPEAT = 4096
CHANGE = struct.Struct("<BIHH")
MOST_CHANGES = 10


def inputs(seeds: Sequence[bytes], words: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy for inputs: one of `seeds` with some changes, which put `words` into it, too."""
    # bytes, as a list of numbers takes ten times as long to draw
    return st.builds(
        lambda seed, drawn: mutated(seed, changes(drawn), words),
        st.sampled_from(list(seeds)), st.binary(max_size=MOST_CHANGES * CHANGE.size),
    )  # fmt: skip


def random_input(chance: random.Random, seeds: Sequence[bytes], words: Sequence[bytes]) -> bytes:
    """Return an input of the same kind, without Hypothesis."""
    return mutated(
        chance.choice(seeds), changes(chance.randbytes(chance.randint(0, MOST_CHANGES) * CHANGE.size)), words
    )


def changes(drawn: bytes) -> list[Change]:
    """Return the changes that some bytes stand for; every other one is near the beginning, where headers are."""
    whole = len(drawn) - len(drawn) % CHANGE.size
    return [
        (kind % 8, place if kind & 8 else place % 256, amount, number)
        for kind, place, amount, number in CHANGE.iter_unpack(drawn[:whole])
    ]


def mutated(seed: bytes, made: Sequence[Change], words: Sequence[bytes]) -> bytes:
    """Return `seed` after the changes that were `made`."""
    data = bytearray(seed)
    for kind, place, amount, number in made:
        at = place % (len(data) + 1)
        end = at + amount % 64
        if kind == 0 and data:
            data[at % len(data)] ^= 1 << number % 8
        elif kind == 1:
            width = WIDTHS[number % 4]
            value = NUMBERS[amount % len(NUMBERS)] & ((1 << 8 * width) - 1)
            data[at : at + width] = value.to_bytes(width, "little" if number & 4 else "big")
        elif kind == 2:
            del data[at:end]
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            other = number % (len(data) + 1)
            data[at:at] = data[other : other + amount % 256]
        elif kind == 5 and words:
            data[at:at] = words[number % len(words)]
        elif kind == 6 and words:
            word = words[number % len(words)]
            data[at : at + len(word)] = word
        elif kind == 7:
            part = data[at : at + 1 + amount % 8]
            data[at:at] = part * min(number % 512, LONGEST_REPEAT // max(len(part), 1))
    return bytes(data)
