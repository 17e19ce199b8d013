"""`hwlint rule --all`: every code, each with its headings."""

import re

from hwlint.engine.registry import ENGINE_RULES, discover_rules


def test_every_code_is_documented(hwlint):
    done = hwlint("rule", "--all")
    assert done.returncode == 0
    known = [(rule.code, rule.name) for rule in (*discover_rules(), *ENGINE_RULES)]
    assert len(known) > 35
    for code, name in known:
        assert re.search(rf"^.*{code}.*{name}", done.stdout, re.MULTILINE), code
    for heading in ("What it checks", "Why it costs", "Use instead"):
        assert done.stdout.count(heading) >= len(known), heading
