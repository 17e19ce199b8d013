"""The study that proposes candidates and keeps what came of them, by optuna."""

import random
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from attrs import define, field, frozen

from hwlint.engine.errors import UserError
from hwlint.search.model import Choices, Point, Value
from hwlint.search.objectives import Objectives
from hwlint.search.storage import is_gone, process_name
from hwlint.search.trial import Trial, load_trial, save_trial

if TYPE_CHECKING:
    import optuna
    from optuna.samplers import BaseSampler
    from optuna.storages import BaseStorage

__all__ = ["SAMPLERS", "Proposal", "SamplerName", "Study", "find_study", "open_study"]

SamplerName = Literal["nsga2", "tpe", "random"]
SAMPLERS: tuple[SamplerName, ...] = ("nsga2", "tpe", "random")

_TRIAL = "hwlint"
_PROCESS = "process"
_MOST_CHANGES = 4
"""Points that differ in a neighbour of the original."""
_NEAR = 0.5
"""Share of proposals, after the first ones, that change a little of what nothing dominates so far:
a search has a hundred measurements or so, too few for a population alone to come to something."""
_POPULATIONS = 5
"""Generations that a search of the length asked for comes to."""
_SMALLEST, _LARGEST = 6, 50
"""Of a population; the largest is optuna's own."""


@frozen
class Proposal:
    """What may be tried next."""

    trial: "optuna.Trial"
    """In memory."""
    choices: dict[str, Value]


@define
class Study:
    """One search, from its first run on.

    The sampler works in memory, on all that was measured: a proposal that is not worth measuring
    costs no transaction. What is measured is kept in the storage, from when it begins.
    """

    study: "optuna.Study"
    """In the storage."""
    points: tuple[Point, ...]
    objectives: Objectives
    neighbours: int
    """Candidates near the original that are proposed before the sampler's own."""
    near: float
    """Share of proposals near the best, after these."""
    _memory: "optuna.Study"
    _random: random.Random
    _asked: int = 0
    _process: str = field(factory=process_name)

    @property
    def name(self) -> str:
        """Its name in the storage."""
        return self.study.study_name

    def trials(self) -> list[Trial]:
        """Return what was measured, or could not be, in order."""
        found = (trial.user_attrs.get(_TRIAL) for trial in self.study.get_trials(deepcopy=False))
        return [load_trial(text) for text in found if text is not None]

    def give_up_lost(self) -> int:
        """Fail the trials of processes that have ended; return how many."""
        from optuna.trial import TrialState  # noqa: PLC0415 - heavy, and optional

        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        lost = [t for t in running if is_gone(str(t.user_attrs.get(_PROCESS, "")))]
        for trial in lost:
            self.study.tell(trial.number, state=TrialState.FAIL, skip_if_finished=True)
        return len(lost)

    def ask(self, choices: Choices | None = None, best: Sequence[Choices] = ()) -> Proposal:
        """Return what to try: the choices given, else the next that are proposed. `best`: what has
        come out best so far."""
        if choices is None and self._asked < self.neighbours:
            choices = self._neighbour({})
            self._asked += 1
        elif choices is None and best and self._random.random() < self.near:
            choices = self._neighbour(self._random.choice(best))
        if choices is not None:
            whole = {p.name: choices.get(p.name, p.present) for p in self.points}
            self._memory.enqueue_trial(whole)
        trial = self._memory.ask()
        found: dict[str, Value] = {}
        for point in self.points:
            value = trial.suggest_categorical(point.name, point.values)
            assert isinstance(value, int | str)
            found[point.name] = value
        return Proposal(trial, found)

    def pass_over(self, proposal: Proposal, done: Trial) -> None:
        """Let the sampler know that a proposal was not worth measuring."""
        from optuna.trial import TrialState  # noqa: PLC0415

        state = TrialState.FAIL if done.state == "refused" else TrialState.PRUNED
        self._memory.tell(proposal.trial, state=state)

    def begin(self, proposal: Proposal) -> int:
        """Keep that a proposal is being measured; return the number of its trial."""
        from optuna.trial import TrialState, create_trial  # noqa: PLC0415

        known = self._memory.trials[proposal.trial.number]
        begun = create_trial(
            state=TrialState.RUNNING,
            params=known.params,
            distributions=known.distributions,
            user_attrs={_PROCESS: self._process},
            system_attrs=known.system_attrs,
        )
        before = self.study._storage  # noqa: SLF001 - optuna has no other way to begin such a trial  # pyright: ignore[reportPrivateUsage]
        identity = before.create_new_trial(self.study._study_id, template_trial=begun)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return before.get_trial_number_from_id(identity)

    def finish(self, proposal: Proposal, done: Trial) -> None:
        """Keep what came of a trial that was begun."""
        from optuna.trial import TrialState  # noqa: PLC0415

        values = self.objectives.values(done) if done.state == "measured" else None
        state = TrialState.PRUNED if done.state == "bounds" else TrialState.FAIL
        told = None if values is not None else state
        self._memory.tell(proposal.trial, values, told)
        self._attribute(done.number, _TRIAL, save_trial(done))
        self.study.tell(done.number, values, told)

    def abandon(self, number: int) -> None:
        """Fail a trial that was interrupted."""
        from optuna.trial import TrialState  # noqa: PLC0415

        self.study.tell(number, state=TrialState.FAIL)

    def _attribute(self, number: int, name: str, value: str) -> None:
        storage = self.study._storage  # noqa: SLF001 - of a running trial optuna gives no other handle  # pyright: ignore[reportPrivateUsage]
        identity = storage.get_trial_id_from_study_id_trial_number(self.study._study_id, number)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        storage.set_trial_user_attr(identity, name, value)

    def _neighbour(self, start: Choices) -> dict[str, Value]:
        """Change a few points of a candidate, one more often than several; {} is the original."""
        free = [point for point in self.points if len(point.values) > 1]
        most = min(_MOST_CHANGES, len(free))
        count = 1
        while count < most and self._random.random() < 0.5:
            count += 1
        chosen = self._random.sample(free, count) if free else []
        others = {p.name: self._random.choice(_others(p, start)) for p in chosen}
        return {**start, **others}


def _others(point: Point, start: Choices) -> Sequence[Value]:
    now = start.get(point.name, point.present)
    return [value for value in point.values if value != now]


def open_study(
    storage: "BaseStorage",
    name: str,
    points: Sequence[Point],
    objectives: Objectives,
    *,
    sampler: SamplerName = "nsga2",
    trials: int = 40,
    seed: int | None = None,
) -> Study:
    """Open a study, or begin it. `trials`: how many are wanted, which a population goes by."""
    import optuna  # noqa: PLC0415 - heavy, and optional

    size = max(_SMALLEST, min(_LARGEST, trials // _POPULATIONS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        made = _sampler(sampler, size, seed)
    directions = objectives.directions
    kept = optuna.create_study(
        storage=storage, study_name=name, directions=directions, load_if_exists=True
    )
    memory = optuna.create_study(sampler=made, directions=directions)
    memory.add_trials(kept.get_trials(states=(optuna.trial.TrialState.COMPLETE,)))
    neighbours = 0 if sampler == "random" else max(0, size - len(memory.trials))
    # What was proposed before is not proposed again first of all.
    chance = random.Random(None if seed is None else seed + len(memory.trials))
    near = 0.0 if sampler == "random" else _NEAR
    return Study(kept, tuple(points), objectives, neighbours, near, memory, chance)


def find_study(storage: "BaseStorage", name: str, objectives: Objectives) -> Study:
    """Open a study that is there.

    Raises:
        UserError: Where there is none of that name.
    """
    import optuna  # noqa: PLC0415

    try:
        study = optuna.load_study(study_name=name, storage=storage)
    except KeyError:
        raise UserError(
            "nothing was searched for what stands there now with these options: "
            "the files have changed since, or another search was meant"
        ) from None
    return Study(study, (), objectives, 0, 0.0, study, random.Random(0))


def _sampler(name: SamplerName, size: int, seed: int | None) -> "BaseSampler":
    from optuna import samplers  # noqa: PLC0415

    if name == "tpe":
        return samplers.TPESampler(n_startup_trials=size, multivariate=True, seed=seed)
    if name == "random":
        return samplers.RandomSampler(seed=seed)
    return samplers.NSGAIISampler(population_size=size, seed=seed)
