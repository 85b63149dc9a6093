r"""Regular expressions as Python reads them, written for the engine that DuckDB matches with (RE2).

Letters, digits and blanks are Unicode's, and `$` also stands before a last line break, as in Python. What RE2 cannot do is
refused: looking ahead or behind, and references to groups. `\b` knows ASCII letters only.
"""

import re
from collections.abc import Iterator

import duckdb

_WORD, _DIGIT = r"\p{L}\p{N}_", r"\p{Nd}"
_BLANK = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"
_NOT_BLANK = (
    r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}"
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"
)
_CLASSES = {"w": _WORD, "d": _DIGIT, "s": _BLANK, "D": r"\P{Nd}", "S": _NOT_BLANK}


class UnsupportedError(ValueError):
    """When a pattern means nothing, or something that cannot be matched here."""


def translated(pattern: str) -> str:
    """The same pattern for DuckDB.

    Raises:
        UnsupportedError: saying what is wrong with it.
    """
    try:
        read = re.compile(pattern)
    except (re.error, TypeError, OverflowError, RecursionError) as error:
        raise UnsupportedError(f"{pattern!r} is no regular expression: {error}") from error
    end = "$" if read.flags & re.MULTILINE else r"(?:\n?\z)"
    made = "".join(_pieces(pattern, end))
    try:
        duckdb.execute("SELECT regexp_matches('', ?)", [made])
    except duckdb.Error as error:
        raise UnsupportedError(
            f"{pattern!r} cannot be matched by RE2, which has no look-around and no references to groups"
        ) from error
    return made


def _pieces(pattern: str, end: str) -> Iterator[str]:
    inside, at = False, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            yield _escaped(pattern[at + 1], inside)
            at += 2
            continue
        if inside and char == "[":
            yield r"\["
        elif char == "$" and not inside:
            yield end
        elif pattern.startswith("{,", at) and not inside:
            yield "{0"
        else:
            yield char
        if char == "[" and not inside:
            inside = True
            start = at + 1 + (pattern[at + 1 : at + 2] == "^")
            yield pattern[at + 1 : start]
            if pattern[start : start + 1] == "]":
                yield r"\]"
                start += 1
            at = start
            continue
        inside = inside and char != "]"
        at += 1


def _escaped(char: str, inside: bool) -> str:
    if char == "Z":
        return r"\z"
    if char == "W":
        if inside:
            raise UnsupportedError(r"\W within [ ] cannot be matched here: list the characters that are meant")
        return f"[^{_WORD}]"
    if char in _CLASSES:
        return _CLASSES[char] if inside else f"[{_CLASSES[char]}]"
    return "\\" + char
