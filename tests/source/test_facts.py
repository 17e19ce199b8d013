import textwrap

from hwlint.source import CallFact, FileFacts, SourceFile, file_facts

PRUNE = "torch.nn.utils.prune"


def facts(text: str) -> FileFacts:
    return file_facts(SourceFile("/x.py", textwrap.dedent(text)), [f"{PRUNE}."])


def named(text: str) -> list[tuple[str, int]]:
    return [(call.name.removeprefix(f"{PRUNE}."), call.place.line) for call in facts(text).calls]


def test_every_way_to_import():
    text = """\
        import torch, torch.nn as nn
        import torch.nn.utils.prune as p
        from torch.nn.utils import prune
        from torch.nn.utils.prune import l1_unstructured as l1, remove
        alias = torch.nn.utils.prune
        torch.nn.utils.prune.a(); nn.utils.prune.b()
        p.c(d=prune.e)
        l1(remove(1))
        alias.f()
    """
    expected = [("a", 5), ("b", 5), ("c", 6), ("l1_unstructured", 7), ("remove", 7), ("f", 8)]
    assert named(text) == expected


def test_an_import_in_a_function_is_known_there_only():
    text = f"""\
        def f():
            from {PRUNE} import ln_structured
            def g():
                return ln_structured(1)
        ln_structured(2)
    """
    assert named(text) == [("ln_structured", 3)]


def test_a_local_name_hides_an_import():
    text = f"""\
        from {PRUNE} import l1
        import {PRUNE} as prune
        def f(prune): prune.a()
        def g():
            prune = other()
            prune.b()
        def h(): return [prune.c() for prune in x], (lambda l1: l1(1))
        prune.d()
    """
    assert named(text) == [("d", 7)]


def test_a_method_of_the_same_name_hides_nothing():
    text = f"""\
        import {PRUNE} as prune
        class A:
            def prune(self):
                prune.a()
                class B:
                    x = prune.b()
    """
    assert named(text) == [("a", 3), ("b", 5)]
    assert [call.enclosing for call in facts(text).calls] == ["A.prune", "A.prune.B"]


def test_a_stand_in_for_a_missing_package_hides_nothing():
    text = f"try:\n    import {PRUNE} as p\nexcept ImportError:\n    p = None\np.a()\n"
    assert named(text) == [("a", 4)]


def test_star_imports():
    text = f"from {PRUNE} import *\ndef own(): pass\nown(); print(1); identity(2)\n"
    assert named(text) == [("identity", 2)]


def test_arguments():
    line = "l1_unstructured(m.fc, 'é', -0.5, *rest, amount=[1, (2,)], name=n, **more)"
    [call] = facts(f"from {PRUNE} import l1_unstructured\n{line}\n").calls
    assert isinstance(call, CallFact)
    assert call.args == (None, "é", -0.5, None)
    assert call.keywords == {"amount": [1, (2,)], "name": None, "**": None}
    spans = [line[place.col : place.end_col] for place in call.argument_places]
    assert spans == ["m.fc", "'é'", "-0.5", "*rest", "[1, (2,)]", "n", "more"]
    assert line[call.place.col : call.place.end_col] == line
    assert call.enclosing == ""


def test_imports_are_listed():
    text = f"import {PRUNE}\nfrom . import a\nfrom ..b import c as d\ndef f(): import e as g\n"
    assert facts(text).imports == {"torch": "torch", "a": ".a", "d": "..b.c", "g": "e"}


def test_a_broken_part_leaves_the_others():
    text = f"""\
        import {PRUNE} as p
        p.a(
        class A:
            x = = 1
            def f(self): p.b()
        def g(): p.c()
    """
    assert named(text) == [("b", 4), ("c", 5)]


def test_a_file_without_the_word_costs_nothing():
    source = SourceFile("/x.py", "import torch\nx = = 1\n")
    assert file_facts(source, [f"{PRUNE}."]) == FileFacts("/x.py", {}, ())
