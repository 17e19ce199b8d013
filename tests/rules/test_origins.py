"""Where numbers come from, in words and backwards."""

from hypothesis import given
from hypothesis import strategies as st

from hwlint.api import Origin, Place
from hwlint_rules._origins import breaker, describe, evaluate, owner


def leaf(value, line=0, name=None, path="/m/net.py"):
    return Origin(value, place=Place(path, line, 0, line, 2), name=name)


def test_a_literal_is_named():
    assert describe(leaf(50, 11, "width")) == "width 50 (line 12)"
    assert describe(leaf(50, 11)) == "50"
    assert not describe(leaf(50, 11), leaf(50, 11).place)


def test_a_formula_is_shown():
    made = Origin(100, "*", (leaf(50, 11, "width"), leaf(2, 30)))
    assert describe(made) == "100 = width 50 (line 12) x 2"
    rounded = Origin(96, "int", (Origin(96.0, "*", (leaf(64, 3, "base"), leaf(1.5, 4, "mult"))),))
    assert describe(rounded) == "96 = int(base 64 (line 4) x mult 1.5 (line 5))"


def test_the_anchor_needs_no_line():
    width = leaf(50, 11, "width")
    assert describe(Origin(100, "*", (width, leaf(2, 30))), width.place) == "100 = width 50 x 2"


def test_another_file_is_named():
    there = Place("/m/other.py", 0, 0, 0, 1)
    assert describe(leaf(50, 11, "width"), there) == "width 50 (net.py:12)"


def test_a_long_formula_becomes_a_list():
    made = leaf(10, 0, "first_quite_long_name")
    for line in range(1, 6):
        made = Origin(10 + 10 * line, "+", (made, leaf(10, line, f"quite_a_long_name_{line}")))
    said = describe(made)
    assert said.startswith("60 comes from first_quite_long_name 10 (line 1), ")
    assert said.endswith(" and more")


def test_an_operand_that_is_no_literal_shows_as_what_came_out():
    power = Origin(8, "**", (leaf(2, 30),))
    made = Origin(400, "*", (leaf(50, 11, "width"), power))
    assert describe(made) == "400 = width 50 (line 12) x 8"


def test_what_changes_nothing_is_not_told():
    base = leaf(36, 11)
    once = Origin(36, "*", (base, leaf(1, 30, "expansion")))
    assert not describe(once, base.place)
    assert describe(Origin(72, "*", (once, leaf(2, 40)))) == "72 = 36 x 2"
    text = leaf("ir_r3_k3_e6_c40", 5)
    opaque = Origin(40, "round", (text, leaf(1.0, 6, "multiplier"), leaf(8, 7, "divisor")))
    said = describe(Origin(20, "//", (Origin(40, "?", ()), Origin(2, "?", (opaque,)))))
    assert said == "20 comes from ir_r3_k3_e6_c40, divisor 8 (line 8)"


def test_nothing_known_nothing_said():
    assert not describe(None)
    assert not describe(Origin(5, "+", (Origin(5),)))


def at(literal: Origin) -> set[Place]:
    assert literal.place is not None
    return {literal.place}


def test_owner():
    width = leaf(50, 11, "width")
    assert owner(width, 8) is width
    assert owner(Origin(100, "*", (width, leaf(2, 30))), 8) is width
    assert owner(Origin(100.0, "*", (width, leaf(2.0, 30, "ratio"))), 8) is width
    assert owner(Origin(100), 8) is None
    assert owner(None, 8) is None


def test_what_only_scales_decides_nothing():
    bare = leaf(36, 11)
    assert owner(Origin(36, "*", (bare, leaf(1, 30, "expansion"))), 8) is bare
    assert owner(Origin(36, "//", (bare, leaf(1, 30, "reduce_first"))), 8) is bare
    assert owner(Origin(8, "*", (leaf(2, 1, "a"), leaf(4, 2, "b"))), 8) is None


def test_of_several_the_odd_one_decides_or_the_named_one():
    width = leaf(26, 11, "base_width")
    assert owner(Origin(52, "*", (width, leaf(128, 30, "planes"))), 8) is width
    assert owner(Origin(52, "*", (width, leaf(12, 30))), 8) is width
    assert owner(Origin(52, "*", (width, leaf(12, 30, "planes"))), 8) is None
    assert owner(Origin(52, "*", (leaf(26, 11), leaf(12, 30))), 8) is None


def test_what_makes_an_odd_number_of_a_round_one():
    base, factor = leaf(64, 1, "base"), leaf(1.3, 2, "width_factor")
    scaled = Origin(83, "int", (Origin(64 * 1.3, "*", (base, factor)),))
    assert breaker(Origin(332, "*", (scaled, leaf(4, 3, "expansion"))), 8) is factor
    third = leaf(3, 5)
    ratio = Origin(8 / 3, "/", (Origin(8, "*", (leaf(4, 5), leaf(2, 5))), third))
    assert breaker(Origin(2730, "int", (Origin(2730.67, "*", (leaf(1024), ratio)),)), 8) is third


def test_what_it_is_rounded_to_makes_a_number_odd():
    step = leaf(4, 5, "divisor")
    whole = Origin(83, "int", (Origin(83.2, "*", (leaf(64, 1), leaf(1.3, 2))),))
    rounded = Origin(84, "*", (Origin(21, "//", (whole, step)), step))
    assert breaker(Origin(84, "max", (step, rounded)), 8) is step
    assert breaker(rounded, 4) is None


def test_where_two_numbers_are_odd_none_is_to_blame():
    assert breaker(Origin(56, "+", (leaf(36, 1), leaf(20, 2))), 8) is None
    assert breaker(Origin(332, "*", (Origin(83), leaf(4, 3))), 8) is None
    # The 1 changes nothing, and what it multiplies is not traced.
    assert breaker(Origin(2042, "*", (leaf(1, 3),)), 8) is None
    assert breaker(None, 8) is None


def test_evaluate_refuses_what_it_cannot_repeat():
    width = leaf(50, 11, "width")
    assert evaluate(Origin(56, "make_divisible", (width,)), at(width), 52) is None
    # The chain must give today's number first.
    assert evaluate(Origin(101, "*", (width, leaf(2, 1))), at(width), 52) is None
    assert evaluate(Origin(50 // 3, "//", (width,)), at(width), 52) is None


def test_a_number_with_many_paths_to_it_is_computed_once_a_part():
    made = width = leaf(50, 11, "width")
    for _ in range(60):
        made = Origin(50, "//", (Origin(100, "+", (made, made)), leaf(2, 30)))
    assert evaluate(made, at(width), 52) == 52


def test_an_operand_that_is_not_traced():
    width = leaf(50, 11, "width")
    assert evaluate(Origin(150, "*", (width,)), at(width), 52) == 156
    assert evaluate(Origin(53, "+", (width,)), at(width), 52) == 55


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 9), st.sampled_from([0.25, 1.5, 2]))
def test_evaluate_computes_what_python_does(now, then, step, ratio):
    width = leaf(now, 1, "width")

    def chain(value):
        return max(8, int(value * ratio + 4) // step * step)

    scaled = Origin(now * ratio, "*", (width, leaf(ratio, 2, "ratio")))
    whole = Origin(int(now * ratio + 4), "int", (Origin(now * ratio + 4, "+", (scaled, leaf(4))),))
    floored = Origin(
        int(now * ratio + 4) // step * step,
        "*",
        (Origin(int(now * ratio + 4) // step, "//", (whole, leaf(step, 3))), leaf(step, 3)),
    )
    made = Origin(chain(now), "max", (leaf(8, 4), floored))
    assert evaluate(made, at(width), then) == chain(then)
