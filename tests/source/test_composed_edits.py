"""Edits of a text, and edits of what they leave, as edits of the text."""

import random

from hwlint.source.edits import Edit, Positions, apply_edits, compose

TEXT = "one two\nthree four five\n\nsix seven\n"


def drawn(text: str, chance: random.Random) -> list[Edit]:
    """Return edits that do not meet, some of them empty or right behind each other."""
    cuts = sorted(chance.choices(range(len(text) + 1), k=2 * chance.randint(0, 4)))
    positions = Positions(text)
    spans = dict.fromkeys(zip(cuts[::2], cuts[1::2], strict=True))
    starts = {start for start, _ in spans}
    return [
        Edit(positions.place("net.py", start, end), chance.choice(("", "x", "long\n", "ab")))
        for start, end in spans
        if len(starts) == len(spans)
    ]


def test_both_at_once_are_one_after_the_other():
    chance = random.Random(7)
    both = 0
    for _ in range(2000):
        first = drawn(TEXT, chance)
        middle = apply_edits(TEXT, first)
        then = drawn(middle, chance)
        both += bool(first and then)
        assert apply_edits(TEXT, compose(TEXT, first, then)) == apply_edits(middle, then)
    assert both > 500


def test_what_is_apart_stays_apart():
    positions = Positions(TEXT)
    first = [Edit(positions.place("net.py", 0, 3), "eleven")]
    middle = Positions(apply_edits(TEXT, first))
    then = [Edit(middle.place("net.py", 11, 16), "3")]
    assert compose(TEXT, first, then) == (
        *first,
        Edit(positions.place("net.py", 8, 13), "3"),
    )
