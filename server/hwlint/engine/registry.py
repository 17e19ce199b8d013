"""Which rules there are, and which of them run."""

import inspect
import pkgutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from hwlint.api import Rule
from hwlint.engine.errors import UserError
from hwlint.profile import plugins
from hwlint.profile.errors import did_you_mean

__all__ = [
    "ENGINE_RULES",
    "SLOWER",
    "UNREAD",
    "EngineRule",
    "Page",
    "RuleSet",
    "discover_rules",
    "engine_rule",
    "is_on",
    "pages",
    "select_rules",
]

GROUP = "hwlint.rules"
"""Entry point group: each value names a package whose modules hold rules."""


@dataclass(frozen=True, slots=True)
class EngineRule:
    """A finding that the engine makes itself, because it is about reading and not about a model."""

    code: str
    name: str
    text: str
    default_severity: str = "error"
    measured: bool = False
    """Measuring makes it; `check`, which runs nothing, does not."""


UNREAD = "HW005"
"""What was asked for in the configuration and could not be done."""

UNUSED = "HW003"
"""A suppression that silences nothing."""

SLOWER = "HW607"
"""A model that was measured has become slower."""

ENGINE_RULES = (
    EngineRule(
        "HW001",
        "syntax-error",
        """A file, or a part of one, that is not Python.

        What it checks
        --------------
        Whether every statement of a file that has to do with torch can be parsed. The parts that
        can be are still read.

        Why it costs
        ------------
        What stands in the broken part is not looked at: no finding there does not mean that
        nothing is wrong.

        Use instead
        -----------
        Mend the syntax, or leave the file out by `exclude` in `[tool.hwlint]`.
        """,
    ),
    EngineRule(
        UNUSED,
        "unused-suppression",
        """A comment that silences a rule which has nothing to say there.

        What it checks
        --------------
        Every `# hwlint: ignore[...]` and `# hwlint: ignore-file[...]`: whether a finding of each
        rule that it names was silenced by it. Left alone are comments that name a rule which did
        not run, and files that belong to a way of building which was not read fully.

        Why it costs
        ------------
        It hides the next finding of that rule at that line, which nobody has looked at.

        Example
        -------
            self.conv = nn.Conv2d(64, 128, 3)  # hwlint: ignore[HW101] the checkpoint fixes it

        Use instead
        -----------
            self.conv = nn.Conv2d(64, 128, 3)
        """,
        "warning",
    ),
    EngineRule(
        "HW004",
        "rule-crashed",
        """A rule that failed while it looked at a model.

        What it checks
        --------------
        Nothing in your code: a rule raised an exception. The other rules went on.

        Why it costs
        ------------
        What that rule would have said of this model is missing.

        Use instead
        -----------
        Report it to the author of the rule with the model that brought it about;
        `--ignore` with the rule's code silences it until then.
        """,
    ),
    EngineRule(
        UNREAD,
        "entry-point-unread",
        """A model that the configuration names and of which hwlint does not know what is asked.

        What it checks
        --------------
        Every model under `[tool.hwlint.models]`: whether something of that name is there and was
        read fully. Every budget under `[[tool.hwlint.budgets]]`: whether its model was met, and
        whether what it bounds is known on its device.

        Why it costs
        ------------
        A budget that nobody can judge looks like one that is kept. The check ends with exit
        code 2, as what was asked for could not be done.

        Use instead
        -----------
        Correct the name, say with what the model is built and called
        (`[tool.hwlint.models."pkg.net:Net"]` with `args` and `inputs`), or name a device whose
        profile has the numbers; `hwlint inspect` lists what is not known of a model.
        """,
    ),
    EngineRule(
        SLOWER,
        "latency-regression",
        """A model that takes longer than when it was measured before.

        What it checks
        --------------
        Whether what `hwlint measure` has just measured takes longer than an earlier measurement of
        the same model: built and called the same way, on the same machine, by the same runner in
        the same versions, in the same number format. Of the earlier ones in the store the newest
        counts that is clearly faster. With `--compare-to REV` it is the model as it was in that
        commit, measured in turns with how it is now.

        It is said where the middle halves of the samples do not overlap and neither measurement is
        unsteady (interquartile range over median of more than 0.25), and where the medians lie
        more than 10 % apart. `--fail-if-slower` sets another bound than 10 %, and in turns there
        is none. An editor says it as long as the text is what was measured. `hwlint check` runs
        nothing, and does not say it.

        Why it costs
        ------------
        The time is there on the device, whatever the change was for. It is cheapest to look into
        while the change is fresh: the lines that take longer than before are named, where both
        were profiled, which in turns they are not.

        Example
        -------
            hwlint measure net.py:Net --compare-to main --fail-if-slower 5%

        Use instead
        -----------
        The version before, at the lines that are named. Where the time is worth it, accept it:
        `# hwlint: ignore[HW607]` at the class, or `hwlint measurements prune --id N` for the
        measurement that it is held against.
        """,
        "warning",
        measured=True,
    ),
)

RuleSet = tuple[type[Rule], ...]


def engine_rule(code: str) -> EngineRule:
    """Return one of the engine's own rules."""
    return next(rule for rule in ENGINE_RULES if rule.code == code)


@dataclass(frozen=True, slots=True)
class Page:
    """What there is to read about a rule."""

    code: str
    name: str
    severity: str
    """By default."""
    text: str
    file: str
    """Absolute path of the source that has it."""


def pages() -> Mapping[str, Page]:
    """Return the page of every rule, those of the engine too, by code and in its order."""
    found = [
        Page(r.code, r.name, r.default_severity, inspect.cleandoc(r.__doc__ or ""), _file(r))
        for r in discover_rules()
    ]
    found += [
        Page(r.code, r.name, r.default_severity, inspect.cleandoc(r.text), __file__)
        for r in ENGINE_RULES
    ]
    return {page.code: page for page in sorted(found, key=lambda page: page.code)}


def _file(rule: type[Rule]) -> str:
    return sys.modules[rule.__module__].__file__ or ""


def discover_rules(packages: Iterable[str] | None = None) -> RuleSet:
    """Return the rules of installed packages (or of `packages`, by name), sorted by code."""
    if packages is None:
        packages = plugins(GROUP)
    found: dict[str, type[Rule]] = {}
    for package in packages:
        for module in _modules(package):
            for rule in _rules_in(module):
                _add(found, rule)
    return tuple(found[code] for code in sorted(found))


def _modules(package: str) -> Iterable[ModuleType]:
    try:
        top = import_module(package)
    except ImportError as error:
        raise UserError(f"the rules of {package} cannot be imported: {error}") from error
    yield top
    for module in pkgutil.walk_packages(getattr(top, "__path__", ()), f"{package}."):
        yield import_module(module.name)


def _rules_in(module: ModuleType) -> Iterable[type[Rule]]:
    for value in vars(module).values():
        if not (inspect.isclass(value) and issubclass(value, Rule)):
            continue
        # A shared base has no code; an imported rule belongs to the module that defines it.
        if value.__module__ == module.__name__ and "code" in vars(value):
            yield value


def _add(found: dict[str, type[Rule]], rule: type[Rule]) -> None:
    other = found.setdefault(rule.code, rule)
    if other is not rule:
        raise UserError(f"{rule.code} is both {_whole_name(other)} and {_whole_name(rule)}")


def _whole_name(rule: type[Rule]) -> str:
    return f"{rule.__module__}.{rule.__qualname__}"


def select_rules(rules: RuleSet, select: Iterable[str], ignore: Iterable[str]) -> frozenset[str]:
    """Return the codes that are on: all or the selected ones, less the ignored ones.

    A selector is a code, the beginning of one ("HW1"), a name or "ALL". The longer one wins.
    """
    names = {rule.code: rule.name for rule in (*rules, *ENGINE_RULES)}
    wanted = _weights(names, tuple(select) or ("ALL",), "select")
    unwanted = _weights(names, ignore, "ignore")
    return frozenset(code for code in names if wanted[code] > unwanted[code])


def is_on(rule: EngineRule, select: Iterable[str], ignore: Iterable[str]) -> bool:
    """Say the same of one rule of the engine; selectors that mean no rule at all do not count."""

    def weight(selectors: Iterable[str]) -> int:
        meant = (s for s in selectors if matches(s, rule.code, rule.name))
        return max((_weight(s, rule.code, rule.name) for s in meant), default=0)

    return weight(tuple(select) or ("ALL",)) > weight(ignore)


def _weight(selector: str, code: str, name: str) -> int:
    """Say how closely a selector that means a rule names it."""
    if selector == "ALL":
        return 1
    return 1 + (len(code) if selector.lower() == name else len(selector))


def _weights(names: Mapping[str, str], selectors: Iterable[str], option: str) -> dict[str, int]:
    """How closely the closest selector names each rule; 0 where none does."""
    weights = dict.fromkeys(names, 0)
    for selector in selectors:
        meant = [code for code, name in names.items() if matches(selector, code, name)]
        if not meant:
            known = (*names.keys(), *names.values())
            raise UserError(f'{option}: no rule "{selector}"{did_you_mean(selector, known)}')
        for code in meant:
            weights[code] = max(weights[code], _weight(selector, code, names[code]))
    return weights


def matches(selector: str, code: str, name: str) -> bool:
    """Whether a selector means a rule."""
    if selector == "ALL" or selector.lower() == name:
        return True
    return bool(selector) and code.startswith(selector.upper())
