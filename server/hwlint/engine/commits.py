"""A workspace as it was in a commit of git, and what was found there.

Git alone is started, and of it only what reads objects: no hook, no filter, no command that a
repository configures, and nothing is fetched.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from hwlint.engine.config import Config
from hwlint.engine.errors import UserError
from hwlint.engine.fingerprint import fingerprints
from hwlint.engine.registry import discover_rules
from hwlint.engine.run import Options, judge, survey
from hwlint.engine.workspace import is_source_name
from hwlint.reader.environment import environment_of
from hwlint.source import MAX_BYTES
from hwlint.source.spans import Place

__all__ = ["check_out", "commit_of", "found_in"]

_SAFE = (
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "protocol.allow=never",
)
_FILES = ("100644", "100755")
_PROFILES = ".hwlint"


def found_in(revision: str, root: Path, config: Config, options: Options) -> frozenset[str]:
    """Return the fingerprints of what is found in the workspace at `root` as it was in a commit.

    It is read from a copy, with the configuration and the profiles of now. Raises `UserError` where
    there is no git, no repository or no such commit.
    """
    base = config.file.parent.resolve() if config.file is not None else root
    python = environment_of(config.python, root)
    with tempfile.TemporaryDirectory(prefix="hwlint-") as folder:
        into = Path(folder).resolve()
        check_out(base, revision, into, "--baseline-commit")
        then = into / root.relative_to(base)
        then.mkdir(parents=True, exist_ok=True)
        if (root / _PROFILES).is_dir():
            shutil.copytree(root / _PROFILES, then / _PROFILES)
        asked = replace(
            options,
            config=_moved(config, base, into, python),
            root=then,
            python=None,
            baseline=None,
            baseline_commit=None,
            cache=False,
        )
        found = judge(survey(then, (then,), asked, discover_rules(), None)).findings
        return frozenset(print_ for _, print_ in fingerprints(found, str(then)))


def check_out(
    base: Path, revision: str, into: Path, option: str, *, most_bytes: int | None = None
) -> None:
    """Write what stood below `base` in a commit below `into`: what is read, or every file of up to
    `most_bytes`. Raises `UserError`, which names the option that asked for it."""
    commit = _git(
        base,
        *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"),
        option=option,
    )
    if commit is None:
        raise UserError(
            f"{option} {revision}: git knows no such commit in {base} (a shallow clone has few)"
        )
    tree = commit.decode().strip()
    listed = _git(base, "ls-tree", "-r", "-z", "-l", tree, "--", ".", option=option)
    found = list(_listed(listed or b"", most_bytes))
    names = b"".join(oid + b"\n" for oid, _ in found)
    contents = _git(base, "cat-file", "--batch", given=names, option=option)
    if contents is None:
        raise UserError(f"{option} {revision}: git cannot give what is in that commit")
    for (_, name), content in zip(found, _contents(contents), strict=True):
        file = into / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def commit_of(folder: Path, files: Iterable[str]) -> str:
    """Return the short hash of the commit that is checked out around a folder, with "+" where one
    of the files is another one than in it; "" where there is no git, no repository, no commit."""
    try:
        told = _git(folder, "rev-parse", "--show-toplevel", "--short", "HEAD", option="")
        if told is None:
            return ""
        top, short = os.fsdecode(told).splitlines()
        listed = _git(folder, "ls-tree", "-r", "-z", "-l", "--full-tree", "HEAD", option="")
    except (UserError, ValueError):
        return ""
    known = {name: oid.decode() for oid, name in _listed(listed or b"", sys.maxsize)}
    own = [Path(file) for file in files if Path(file).is_relative_to(top)]
    same = all(_is_blob(file, known.get(_below(top, file), "")) for file in own)
    return short if same else f"{short}+"


def _below(top: str, file: Path) -> str:
    return str(PurePosixPath(file.relative_to(top)))


def _is_blob(file: Path, oid: str) -> bool:
    """Say whether a file is that blob, as git counts it without filters."""
    try:
        content = file.read_bytes()
    except OSError:
        return False
    kind = hashlib.sha256 if len(oid) == 64 else hashlib.sha1
    return kind(b"blob %d\0" % len(content) + content).hexdigest() == oid


def _moved(config: Config, base: Path, into: Path, python: Path | None) -> Config:
    """Return the configuration in force below `base`, for the same files below `into`."""

    def path(old: Path) -> Path:
        return into / old.relative_to(base) if old.is_relative_to(base) else old

    def place(old: Place | None) -> Place | None:
        return None if old is None else replace(old, path=str(path(Path(old.path))))

    models = {name: replace(m, place=place(m.place)) for name, m in config.models.items()}
    return replace(
        config,
        src=tuple(map(path, config.src)),
        python=python,
        file=None if config.file is None else path(config.file),
        models=models,
        budgets=tuple(replace(b, place=place(b.place)) for b in config.budgets),
    )


def _git(folder: Path, *arguments: str, option: str, given: bytes | None = None) -> bytes | None:
    """Return what a command of git prints; None where it fails."""
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
    # What a hook of git sets is about the index of the commit that is being made.
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"):
        environment.pop(name, None)
    command = ("git", "-C", str(folder), *_SAFE, *arguments)
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, env=environment, check=False
        )
    except OSError as error:
        raise UserError(f"{option} needs git: {error.strerror}") from error
    return done.stdout if done.returncode == 0 else None


def _listed(listing: bytes, most_bytes: int | None) -> Iterator[tuple[bytes, str]]:
    """Yield the object and the path of each file that a reading may look at, or of every one of up
    to `most_bytes`."""
    for line in listing.split(b"\0"):
        head, _, name = line.partition(b"\t")
        fields = head.split()
        if len(fields) != 4 or fields[0].decode() not in _FILES:
            continue
        path = PurePosixPath(os.fsdecode(name))
        if path.is_absolute() or ".." in path.parts or int(fields[3]) > (most_bytes or MAX_BYTES):
            continue
        is_read = is_source_name(path.name) and path.parts[0] != _PROFILES
        if most_bytes is not None or is_read:
            yield fields[2], str(path)


def _contents(batch: bytes) -> Iterator[bytes]:
    """Yield the contents of `git cat-file --batch`, in order."""
    at = 0
    while at < len(batch):
        end = batch.index(b"\n", at)
        size = int(batch[at:end].split()[-1])
        yield batch[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
