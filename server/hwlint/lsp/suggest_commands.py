"""The commands that search for a faster variant."""

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from hwlint.engine.errors import UserError
from hwlint.lsp.measure_commands import UNTRUSTED, chooser, tell_failure
from hwlint.lsp.mending import workspace_edit
from hwlint.lsp.progress import Saying, shown

if TYPE_CHECKING:
    from hwlint.lsp.server import Server

__all__ = ["TRIAL", "suggest_commands"]

TRIAL = "hwlint/suggestedTrial"
"""Notification of a trial that was measured: {token, trial}."""


def suggest_commands(server: "Server") -> None:
    """Add them to a server."""
    state = server.state
    waiting: set[asyncio.Task[None]] = set()
    """Questions that the editor has not answered yet."""

    @server.command("hwlint.suggest")
    async def suggest(asked: dict[str, Any]) -> dict[str, object] | None:  # pyright: ignore[reportUnusedFunction] - registered
        from hwlint.lsp.suggesting import Sought  # noqa: PLC0415 - after the first findings

        sought, saying, token = Sought.read(asked), Saying(), asked.get("workDoneToken")

        def show(trial: object) -> None:
            server.protocol.notify(TRIAL, {"token": token, "trial": trial})

        answer = UNTRUSTED
        if state.trusted:
            work = server.seeker.suggest(sought, chooser(asked), saying, show)
            title = f"hwlint: searching for a faster variant on {sought.target}"
            answer = await shown(server, title, work, saying, token)
        tell_failure(server, asked, answer)
        if answer is not None and not asked.get("silent"):
            waiting.add(task := asyncio.create_task(_offer(server, asked, answer)))
            task.add_done_callback(waiting.discard)
        return answer

    @server.command("hwlint.suggestion")
    async def suggestion(asked: dict[str, Any]) -> dict[str, object] | None:  # pyright: ignore[reportUnusedFunction] - registered
        answer = await _looked(server, asked)
        tell_failure(server, asked, answer)
        return answer

    @server.command("hwlint.applySuggestion")
    async def apply(asked: dict[str, Any]) -> dict[str, object] | None:  # pyright: ignore[reportUnusedFunction] - registered
        answer = await _looked(server, asked)
        if answer is not None and not answer.get("failure"):
            answer = await _applied(server, answer)
        tell_failure(server, asked, answer)
        return answer


async def _offer(server: "Server", asked: dict[str, Any], answer: dict[str, Any]) -> None:
    """Ask in an editor that has no view of a search whether the best is to be written."""
    if answer.get("failure"):
        return
    rows = answer["suggestions"]
    # One that was measured again and is not faster is no offer.
    best = next((row for row in rows if row["confidence"] != "not confirmed"), None)
    if best is None:
        told = types.ShowMessageParams(types.MessageType.Info, "hwlint: nothing faster was found")
        server.window_show_message(told)
        return
    again, original = best["again"], answer["original"]["median_s"]
    ratio = again["ratio"] if again else best["median_s"] / original
    text = (
        f"hwlint: trial {best['trial']} takes {1 - ratio:.1%} less time ({best['confidence']}). "
        f"{answer['says']}."
    )
    apply = types.MessageActionItem(f"Apply trial {best['trial']}")
    question = types.ShowMessageRequestParams(
        types.MessageType.Info, text, [apply, types.MessageActionItem("Leave it")]
    )
    chosen = await server.window_show_message_request_async(question)
    if chosen is not None and chosen.title == apply.title:
        one = {
            **asked,
            "place": answer["place"],
            "trial": best["trial"],
            "target": answer["target"],
        }
        found = await _looked(server, one)
        if found is not None and not found.get("failure"):
            found = await _applied(server, found)
        tell_failure(server, asked, found)


async def _looked(server: "Server", asked: dict[str, Any]) -> dict[str, object] | None:
    from hwlint.lsp.suggesting import Sought  # noqa: PLC0415 - after the first findings

    if not server.state.trusted:
        return UNTRUSTED
    sought, saying = Sought.read(asked), Saying()
    work = server.seeker.look(sought, chooser(asked))
    title = f"hwlint: reading trial {sought.trial}"
    return await shown(server, title, work, saying, asked.get("workDoneToken"))


async def _applied(server: "Server", found: dict[str, object]) -> dict[str, object]:
    """Make the edits of a candidate in the editor, as one that can be undone."""
    label = f"hwlint: trial {found['trial']}"
    try:
        edit = workspace_edit(server.state, server.seeker.edits_of(found), label)
        if edit is None:
            raise UserError("the text has changed since it was read: try again")
    except UserError as problem:
        return {"failure": {"kind": "changed", "message": str(problem), "advice": ""}}
    wanted = types.ApplyWorkspaceEditParams(edit, label)
    result = await server.workspace_apply_edit_async(wanted)
    if not result.applied:
        why = result.failure_reason or "it says not why"
        message = f"the editor did not make the change: {why}"
        return {"failure": {"kind": "refused", "message": message, "advice": ""}}
    return {"applied": True, "failure": None}
