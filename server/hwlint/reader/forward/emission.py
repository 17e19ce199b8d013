"""From a recorded run to `hwlint.graph`."""

from hwlint.graph import Called, Flow, Mismatch, Unread
from hwlint.reader.forward.blocks import Work, Writer, together
from hwlint.reader.forward.inputs import Given
from hwlint.reader.forward.recording import Call, Event, Replay, tensors_of
from hwlint.reader.forward.recording import Flow as Recorded
from hwlint.reader.library.modules import opened_modules
from hwlint.reader.values import LazyModule, ModuleInstance, Value

__all__ = ["emit_flow"]


def emit_flow(recorded: Recorded, root: ModuleInstance, given: Given, result: Value) -> Flow:
    """Return a run as plain data."""
    return _Emission(root, given).flow(recorded, result)


class _Emission(Writer):
    def __init__(self, root: ModuleInstance, given: Given) -> None:
        super().__init__()
        self.given = given
        self.names: dict[int, str] = {}
        self.shared = False
        """There are modules of more than one name: the first one counts."""
        for name, module in opened_modules(root):
            self.shared = self.shared or id(module) in self.names
            self.names.setdefault(id(module), name)

    def flow(self, recorded: Recorded, result: Value) -> Flow:
        for tensor in self.given.tensors:
            self.tensor(tensor, "input")
        macs, _ = self.call(recorded.top, "")
        for tensor, until in recorded.held.values():
            self.hold(tensor, until)
        outputs = tensors_of(result)
        returned = tuple([self.tensor(t, t.kind) for t in outputs])
        missing = tuple([Unread(u.place, u.reason) for u in recorded.doubts.values()])
        return Flow(
            self.given.described,
            self.given.assumed,
            tuple(self.operations),
            self.infos(),
            tuple(self.calls),
            tuple([t.shape for t in outputs]),
            returned,
            None if missing else macs,
            missing,
            self.mismatch(recorded),
            tuple(self.uncounted),
        )

    def mismatch(self, recorded: Recorded) -> Mismatch | None:
        if recorded.refusal is None:
            return None
        problem, message, module = recorded.refusal
        layer = module.layer if module is not None else None
        name = self.names.get(id(module), "") if module is not None else ""
        return Mismatch(message, problem.place, name, layer.place if layer is not None else None)

    def call(self, call: Call, module: str) -> Work:
        """Emit what a call did."""
        works = [
            self.event(item, module)
            if isinstance(item, Event)
            else self.inner(item)
            if isinstance(item, Call)
            else self.again(item)
            for item in call.items
        ]
        return together(works)

    def again(self, item: Replay) -> Work:
        return self.replay(item, self.names.get(id(item.module), "?"))

    def below(self, item: Replay, name: str, path: str) -> str:
        module = item.module
        if not self.shared or module is None:
            return super().below(item, name, path)
        for part in path.split(".") if path else ():
            if type(module) is LazyModule:
                return super().below(item, name, path)
            module = module.modules[part]
        return self.names.get(id(module), "?")

    def inner(self, call: Call) -> Work:
        module = call.module
        assert module is not None
        name = self.names.get(id(module), "?")
        place, start, taken = self.opened(call.inputs)
        macs, moved = self.call(call, name)
        layer = module.layer
        self.calls[place] = Called(
            name,
            module.cls.name,
            layer.spec.op if layer is not None else None,
            tuple([t.shape for t in call.inputs]),
            tuple([t.shape for t in call.made]),
            macs,
            moved,
            not any(isinstance(m, ModuleInstance) for m in module.modules.values()),
            taken,
            start,
            len(self.operations),
            call.place,
            call.through,
        )
        return macs, moved
