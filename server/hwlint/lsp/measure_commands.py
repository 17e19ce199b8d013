"""The commands that measure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types

from hwlint.engine.errors import UserError
from hwlint.lsp.documents import Lines
from hwlint.lsp.panel import model_for
from hwlint.lsp.progress import Saying, shown
from hwlint.lsp.state import Known, Open
from hwlint.lsp.views import ModelView

if TYPE_CHECKING:
    from hwlint.lsp.measuring import Choose
    from hwlint.lsp.server import Server

__all__ = ["UNTRUSTED", "chooser", "measure_commands", "tell_failure"]


def measure_commands(server: "Server") -> None:
    """Add them to a server."""
    state = server.state

    @server.command("hwlint.measure")
    async def measure(asked: dict[str, Any]) -> dict[str, object] | None:  # pyright: ignore[reportUnusedFunction] - registered
        from hwlint.lsp.measuring import Wanted  # noqa: PLC0415 - after the first findings

        wanted, saying = Wanted(asked), Saying()
        answer = UNTRUSTED
        if state.trusted:
            work = server.measuring.measure(wanted, chooser(asked), saying)
            title = f"hwlint: measuring on {wanted.target}"
            token = asked.get("workDoneToken")
            answer = await shown(server, title, work, saying, token)
        tell_failure(server, asked, answer)
        return answer

    @server.command("hwlint.cancelMeasurement")
    def cancel() -> int:  # pyright: ignore[reportUnusedFunction] - registered
        return server.measuring.cancel()

    @server.command("hwlint.measurementTargets")
    def targets(asked: dict[str, Any]) -> dict[str, object]:  # pyright: ignore[reportUnusedFunction] - registered
        try:
            return {"targets": server.measuring.targets(str(asked.get("uri")))}
        except UserError as problem:
            return {"targets": [], "error": str(problem)}


def tell_failure(
    server: "Server", asked: Mapping[str, Any], answer: Mapping[str, object] | None
) -> None:
    """Show why there is nothing, unless the client does so itself."""
    failure = answer.get("failure") if answer is not None else None
    if isinstance(failure, dict) and not asked.get("silent"):
        told = cast("dict[str, str]", failure)
        text = ". ".join(part for part in (told["message"], told["advice"]) if part)
        said = types.ShowMessageParams(types.MessageType.Error, f"hwlint: {text}")
        server.window_show_message(said)


UNTRUSTED: dict[str, object] | None = {
    "failure": {
        "kind": "untrusted",
        "message": "measuring runs the code of the workspace, which is not trusted",
        "trace": "",
        "advice": "",
        "output": "",
    }
}


def chooser(asked: Mapping[str, Any]) -> "Choose":
    """Return what chooses the model that is meant: by its name, else by a position."""
    name, at = asked.get("model"), asked.get("position")

    def choose(known: Known, entry: Open) -> ModelView | None:
        if name is not None:
            return next((m for m in known.snapshot.models if m.name == name), None)
        point = None
        if at is not None:
            point = Lines(entry.document).point(types.Position(at["line"], at["character"]))
        return model_for(known, entry.path, point)

    return choose
