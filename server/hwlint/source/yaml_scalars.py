"""The scalars of YAML: what a plain word is, what a quoted text says, what a block of text is."""

import re

__all__ = ["block_text", "scalar", "unquoted"]

_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)")
_FLOAT_11 = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
)
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?")
_STRANGE = re.compile(
    r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?"
)
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    **{w: True for b in ("yes", "true", "on") for w in (b, b.capitalize(), b.upper())},
    **{w: False for b in ("no", "false", "off") for w in (b, b.capitalize(), b.upper())},
    **{s + w: float(s + "inf") for s in ("", "+", "-") for w in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}  # fmt: skip
_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029", "\t": "\t",
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}


def scalar(written: str, *, floats: bool) -> object:
    """Return the value of a plain word; raises ValueError for a time or a number of base sixty.

    `floats`: 1e-3 is a number, as OmegaConf has it; else a text, as YAML 1.1 and PyYAML have it.
    """
    if written in _WORDS:
        return _WORDS[written]
    if _INT.fullmatch(written):
        return _integer(written.replace("_", ""))
    pattern = _FLOAT if floats else _FLOAT_11
    if pattern.fullmatch(written):
        return float(written.replace("_", ""))
    if _STRANGE.fullmatch(written):
        raise ValueError(f"{written} is no plain number")
    return written


def unquoted(inside: str, quote: str) -> str:
    """Return what stands between two quotes; raises ValueError for an escape that is not known."""
    if "\n" in inside:
        if "\\\n" in inside:
            raise ValueError("a line that goes on after a backslash")
        inside = re.sub(r"[ \t]*(?:\r?\n[ \t]*)+", _folded, inside)
    return inside.replace("''", "'") if quote == "'" else _unescaped(inside)


def _unescaped(inside: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(inside):
        if inside[at] != "\\":
            end = inside.find("\\", at)
            parts.append(inside[at : len(inside) if end < 0 else end])
            at = len(inside) if end < 0 else end
            continue
        kind = inside[at + 1 : at + 2]
        width = _WIDTHS.get(kind, 0)
        digits = inside[at + 2 : at + 2 + width]
        if kind in _ESCAPES:
            parts.append(_ESCAPES[kind])
        elif width and re.fullmatch(rf"[0-9a-fA-F]{{{width}}}", digits):
            parts.append(chr(min(int(digits, 16), 0x10FFFF)))
        else:
            raise ValueError("an escape that is not known")
        at += 2 + width
    return "".join(parts)


def _integer(written: str) -> int:
    sign = -1 if written.startswith("-") else 1
    digits = written.lstrip("+-")
    for prefix, base in (("0b", 2), ("0x", 16)):
        if digits.startswith(prefix):
            return sign * int(digits[2:] or "0", base)
    return sign * int(digits, 8 if digits.startswith("0") and len(digits) > 1 else 10)


def _folded(match: re.Match[str]) -> str:
    breaks = match[0].count("\n")
    return " " if breaks == 1 else "\n" * (breaks - 1)


def block_text(lines: list[str], chomp: str, *, folded: bool) -> str | None:
    """Return what a block after `|` or `>` says; None where that is not plain."""
    filled = [line for line in lines if line.strip()]
    indent = min((len(line) - len(line.lstrip(" ")) for line in filled), default=0)
    cut = [line[indent:] for line in lines]
    kept = cut[:]
    while kept and not kept[-1].strip():
        kept.pop()
    if folded and any(line.startswith((" ", "\t")) for line in kept):
        return None
    text = "\n".join(kept)
    if folded:
        text = re.sub(r"(?<!\n)\n+(?!\n)", _folded, text)
    if chomp == "-" or not kept:
        return text
    return text + "\n" * (1 + (len(cut) - len(kept) if chomp == "+" else 0))
