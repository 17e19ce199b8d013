"""What is known of a model from measurements: those of exactly what stands in the source now."""

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from hwlint.graph import ModelGraph
from hwlint.measure.store.measurement import Measurement
from hwlint.measure.subject import SubjectMaker, key_of

__all__ = ["Known"]


@frozen
class Known:
    """Measurements to look among."""

    measurements: tuple[Measurement, ...] = ()
    """The newest first."""

    def of(self, graph: ModelGraph) -> Iterator[Measurement]:
        """Yield those of a model as it stands there: a change of its source, of what it is built
        with or of what it is called with makes another one of it."""
        recipe = graph.entry.recipe
        if recipe is None:
            return
        for measurement in self.measurements:
            build = measurement.job.build
            if build is None or build.expression != recipe.expression:
                continue
            if Path(build.file).name != Path(recipe.path).name:
                continue
            subject = SubjectMaker(build.submodule)(graph)
            if key_of(measurement.job, subject) == measurement.job.key:
                yield measurement
