"""What the process that reads sends to the process that talks to the editor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hwlint.api import Fix
from hwlint.engine.findings import Diagnostic
from hwlint.engine.focus import Focus
from hwlint.graph import EntryPoint, Unbuilt
from hwlint.lsp.views import ModelView
from hwlint.report.sheet import Sheet
from hwlint.source.spans import Place

if TYPE_CHECKING:
    from hwlint.measure.subject import Subject

__all__ = [
    "Document",
    "FileSnapshot",
    "FixAnswer",
    "FixRequest",
    "Question",
    "Reply",
    "Request",
    "SheetAnswer",
    "SheetRequest",
    "Snapshot",
    "SubjectAnswer",
    "SubjectRequest",
]


@dataclass(frozen=True, slots=True)
class Document:
    """A text that an editor has open."""

    path: str
    content: bytes
    version: int
    loose: bool = False
    """It is no file: an untitled document."""


@dataclass(frozen=True, slots=True)
class Request:
    """Read what has changed. Documents that closed have no content any more."""

    root: str
    """Of the workspace that is meant."""
    active: str | None
    """The document in front of the user: it is read first."""
    wanted: tuple[str, ...]
    """Paths of the open documents of this workspace."""
    focus: Focus | None = None
    """The way of building that is looked at there: it is read before the others."""


@dataclass(frozen=True, slots=True)
class FixRequest:
    """Look for a fix of one finding of the last snapshot."""

    root: str
    found: Diagnostic

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others, the root first."""
        return (self.root, self.found.code, self.found.anchor)


@dataclass(frozen=True, slots=True)
class FixAnswer:
    """What a `FixRequest` brought."""

    asked: FixRequest
    value: Fix | None
    """Of the texts that were read; None where none is proved, or a text has changed since."""


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """Say what each part of a model of the last snapshot takes on each target."""

    root: str
    name: str
    """This and what follows is of its `ModelView`."""
    kind: str
    place: Place
    built_with: str

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others, the root first."""
        return (self.root, self.name, self.kind, self.place, self.built_with)

    def means(self, entry: EntryPoint) -> bool:
        """Say whether this is the way of building that is asked about."""
        mine = (self.name, self.kind, self.place, self.built_with)
        return mine == (entry.name, entry.kind, entry.place, entry.built_with)


@dataclass(frozen=True, slots=True)
class SheetAnswer:
    """What a `SheetRequest` brought."""

    asked: SheetRequest
    value: Sheet | None
    """None where the model is not there any more, or a text has changed since."""


@dataclass(frozen=True, slots=True)
class SubjectRequest:
    """Say what is to be measured: a model of the last snapshot, or a part of it."""

    model: SheetRequest
    part: str
    """Qualified name of a module; "" for the whole."""

    @property
    def root(self) -> str:
        """Of the workspace."""
        return self.model.root

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from others, the root first."""
        return (*self.model.key, self.part)


@dataclass(frozen=True, slots=True)
class SubjectAnswer:
    """What a `SubjectRequest` brought."""

    asked: SubjectRequest
    value: "Subject | None"
    """None where the model is not there any more, or a text has changed since."""


Question = FixRequest | SheetRequest | SubjectRequest
Reply = FixAnswer | SheetAnswer | SubjectAnswer


@dataclass(frozen=True)
class FileSnapshot:
    """What holds for one open document."""

    version: int
    """Of the text that was read."""
    diagnostics: tuple[Diagnostic, ...] = ()
    models: tuple[ModelView, ...] = ()
    """Ways of building that have layers or operations in this file; the editor's default first."""
    unbuilt: tuple[Unbuilt, ...] = ()
    partial: bool = False
    """Of the text as it is, at most one way of building was read; what is said of others is of the
    text before, or of an earlier run."""


@dataclass(frozen=True)
class Snapshot:
    """One answer to a `Request`."""

    root: str
    files: Mapping[str, FileSnapshot] = field(default_factory=dict[str, FileSnapshot])
    targets: tuple[tuple[str, str], ...] = ()
    """(device, dtype)."""
    read: int = 0
    """Entry points that were read fully ..."""
    entries: int = 0
    """... of so many."""
    error: str = ""
    """Why there is nothing: a configuration that is wrong, say."""
    notes: tuple[str, ...] = ()
    """What was not read, in words."""
    pages: Mapping[str, str] = field(default_factory=dict[str, str])
    """By the code of a rule: the file that has its page."""
    provable: bool = False
    """All that findings come from was read, so that a fix can be proved now."""
