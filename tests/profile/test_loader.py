"""What a profile file may say, and what is said of one that is wrong."""

from pathlib import Path

import pytest

from hwlint.profile import Profile, ProfileError, load_profile

HEAD = 'name = "X"\nkind = "gpu"\ndefault_dtype = "bf16"\n'
CORE = '[core]\nsource = "s"\nevidence = "estimate"\n'
TILE = """
[[tiles]]
dtypes = ["bf16"]
layers = ["conv"]
operands = ["in"]
minimum = 8
source = "a page"
evidence = "vendor guide"
"""


@pytest.fixture
def load(tmp_path):
    def read(text, **others):
        for name, other in others.items():
            (tmp_path / f"{name}.toml").write_text(other)
        path = tmp_path / "x.toml"
        path.write_text(text)
        return load_profile(path)

    return read


def problem(load, text, **others) -> tuple[int | None, str]:
    with pytest.raises(ProfileError) as caught:
        load(text, **others)
    assert Path(caught.value.path).is_file()
    return caught.value.line, caught.value.message


def test_identity_comes_from_the_file_s_name(load):
    profile = load(HEAD)
    assert isinstance(profile, Profile)
    assert profile.id == "x"
    assert profile.tiles == ()
    assert profile.sparsity is None


def test_a_source_is_one_string_or_several(load):
    assert load(HEAD + TILE).tiles[0].source == ("a page",)
    several = TILE.replace('"a page"', '["a", "b"]')
    assert load(HEAD + several).tiles[0].source == ("a", "b")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (HEAD + TILE.replace("minimum", "minumum"), 9, 'unknown field "minumum" in tiles.0; did'),
        (HEAD + TILE + TILE.replace("= 8", '= "8"'), 17, "tiles.1.minimum: must be a whole"),
        (HEAD + TILE.replace("= 8", "= true"), 9, "must be a whole number"),
        (HEAD + TILE.replace("minimum = 8\n", ""), 5, 'missing field "minimum"'),
        (HEAD + TILE.replace('"a page"', '" "'), 10, "source is empty"),
        (HEAD + TILE.replace("vendor guide", "vendor gide"), 11, 'did you mean "vendor guide"?'),
        (HEAD.replace("gpu", "gpuu"), 2, "must be one of gpu, npu, cpu, mcu"),
        (HEAD + "tilez = 3\n", 4, 'unknown field "tilez"; did you mean "tiles"?'),
        (HEAD + "tiles = 3\n", 4, "must be a table or a list of them"),
        (HEAD + "memory = 3\n", 4, "must be a table or a list of them"),
        (HEAD + "aliases = [1]\n", 4, "must be a string or a list of strings"),
        (HEAD + CORE + "clock_mhz = 'fast'\n", 7, "must be a number"),
        (HEAD + "extends = 3\n", 4, "extends: must be a string or a list of strings"),
        (HEAD + 'id = "y"\n', 4, "it follows from it"),
        (HEAD + "a b\n", 4, "not TOML"),
        (HEAD + 'extends = "nobody"\n', 4, "not known"),
        (HEAD + 'extends = "x"\n', 4, "extends itself"),
        ('kind = "gpu"\n', None, 'missing field "name"'),
    ],
)
def test_what_is_wrong_is_said_with_its_line(load, text, line, words):
    found, message = problem(load, text)
    assert words in message
    assert found == line


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'name = "\xe9"\n')
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "latin.toml")


def test_extends_merges_tables_and_replaces_the_rest(load):
    base = HEAD + TILE + '[memory]\ndram_gb = 80\nl2_mib = 50\nsource="s"\nevidence="estimate"\n'
    own = '[memory]\ndram_gb = 40\nsource = "t"\nevidence = "measured"\n'
    profile = load('extends = "base"\nname = "Y"\n' + own, base=base)
    assert profile.name == "Y"
    assert profile.tiles[0].minimum == 8
    assert profile.memory is not None
    assert (profile.memory.dram_gb, profile.memory.l2_mib) == (40.0, 50.0)
    assert (profile.memory.source, profile.memory.evidence) == (("t",), "measured")


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("[memory]\ndram_gb = 40\n", 2),
        ('[memory]\ndram_gb = 40\nsource = "t"\n', 2),
        ('[operators.int8.support]\nReLU = "none"\n', 2),
    ],
)
def test_a_value_of_its_own_does_not_pass_under_an_inherited_source(load, own, line):
    told = 'source = "s"\nevidence = "estimate"\n'
    base = f"{HEAD}[memory]\ndram_gb = 80\n{told}[operators.int8]\nsupport = {{}}\n{told}"
    found, message = problem(load, 'extends = "base"\n' + own, base=base)
    assert 'needs its own "source" and "evidence"' in message
    assert found == line


def test_more_words_on_a_source_need_no_new_value(load):
    told = 'source = "s"\nevidence = "estimate"\n'
    base = f"{HEAD}[memory]\ndram_gb = 80\n{told}"
    profile = load('extends = "base"\n[memory]\nnote = "checked"\n', base=base)
    assert profile.memory is not None
    assert (profile.memory.dram_gb, profile.memory.note) == (80.0, "checked")


def test_of_several_that_are_extended_the_later_goes_over_the_earlier(load):
    bases = {
        "_one": HEAD + TILE,
        "_two": 'extends = "_one"\nname = "two"\n',
        "_three": 'kind = "mcu"\n',
    }
    profile = load('extends = ["_two", "_three"]\n', **bases)
    assert (profile.name, profile.kind) == ("two", "mcu")
    assert profile.extends == ("_two", "_three")
    assert len(profile.tiles) == 1
    # A part that is reached twice is laid down once, at its first place.
    bases["_three"] = 'extends = "_one"\nkind = "mcu"\n'
    assert load('extends = ["_two", "_three"]\n', **bases).name == "two"


def test_a_fault_that_is_inherited_is_shown_where_it_stands(load, tmp_path):
    with pytest.raises(ProfileError) as caught:
        load('extends = "base"\n', base=HEAD + "tilez = 3\n")
    assert caught.value.path == str(tmp_path / "base.toml")
    assert caught.value.line == 4


def test_a_fault_is_shown_in_the_file_that_has_it_though_both_have_the_table(load, tmp_path):
    told = 'source = "s"\nevidence = "estimate"\n'
    with pytest.raises(ProfileError) as caught:
        load(
            f'extends = "base"\n[memory]\ndram_gb = 4\n{told}',
            base=f"{HEAD}[memory]\nl2_mb = 3\n{told}",
        )
    assert caught.value.path == str(tmp_path / "base.toml")
    assert caught.value.line == 5


def test_extending_in_a_circle(load):
    line, message = problem(load, 'extends = "base"\n', base='extends = "x"\n')
    assert (line, "itself" in message) == (1, True)


def test_the_fingerprint_follows_what_is_inherited(load):
    one = load('extends = "base"\n', base=HEAD).fingerprint
    assert one == load('extends = "base"\n', base=HEAD).fingerprint
    assert one != load('extends = "base"\n', base=HEAD + "# more\n").fingerprint


def test_tile_prefers_the_kernel_that_is_named(load):
    special = TILE.replace("= 8", '= 32\nkernel = "kxk"')
    profile = load(HEAD + TILE + special)

    def least(*asked):
        tile = profile.tile(*asked)
        return tile.minimum if tile is not None else None

    assert least("bf16", "conv", "in", "kxk") == 32
    assert least("bf16", "conv", "in", "1x1") == 8
    assert least("bf16", "conv", "in") == 8
    assert least("bf16", "conv", "out") is None
    assert least("fp32", "conv", "in") is None
    assert least("bf16", "linear", "in") is None


@pytest.mark.parametrize(
    ("said", "dtype", "answer"),
    [
        ("unstructured = false", "int8", False),
        ("unstructured = true", "int8", True),
        ('unstructured = true\nunstructured_dtypes = ["fp32"]', "int8", False),
        ('unstructured = true\nunstructured_dtypes = ["fp32"]', "fp32", True),
        ("two_four = true", "int8", None),
    ],
)
def test_unstructured_sparsity(load, said, dtype, answer):
    profile = load(f'{HEAD}[sparsity]\n{said}\nsource = "s"\nevidence = "estimate"\n')
    assert profile.speeds_up_unstructured(dtype) is answer


def test_nothing_said_of_sparsity(load):
    assert load(HEAD).speeds_up_unstructured("int8") is None
