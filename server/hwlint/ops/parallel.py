"""Layers that hold one module and run it on several devices."""

from hwlint.ops._rows import layer, stored
from hwlint.ops.spec import Child, Values

__all__ = ["ROWS"]


def _wrapped(values: Values) -> tuple[Child, ...]:
    return (Child("module", given=values["module"]),)


ROWS = (
    layer(
        "DataParallel",
        "container",
        "",
        "module, device_ids=None, output_device=None, dim=0",
        # What else torch sets depends on the devices that it finds where it runs.
        attributes=stored(""),
        children=_wrapped,
    ),
)
