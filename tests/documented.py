"""The commands that README and the pages under docs/ tell people to type."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_LINE = re.compile(r"^ {4,}((?:holdfast|make|cdk|source \.venv|curl)\b.*)$")
_INLINE = re.compile(r"`((?:holdfast|make) [^`]+)`")


class Command(NamedTuple):
    """One command as it is written: where, whether on a line of its own, and its words without what may be left out in brackets."""

    place: str
    whole: bool
    words: tuple[str, ...]

    @property
    def options(self) -> frozenset[str]:
        return frozenset(word.partition("=")[0] for word in self.words if word.startswith("--"))


def documented() -> list[Command]:
    """Every command of every page."""
    texts = ((page, re.sub(r"\\\n\s*", "", page.read_text())) for page in PAGES)
    return [
        each
        for page, text in texts
        for number, line in enumerate(text.splitlines(), 1)
        for each in _of_line(page, number, line)
    ]


def _of_line(page: Path, number: int, line: str) -> Iterator[Command]:
    place = f"{page.relative_to(ROOT)}:{number}"
    if found := _LINE.match(line):
        # What a command does stands behind it, after two spaces or a number sign.
        yield Command(place, True, _words(re.split(r"\s{2,}|\s#", found[1])[0]))
    else:
        yield from (Command(place, False, _words(each)) for each in _INLINE.findall(line))


def _words(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(re.sub(r"[\[\]]", "", text)))


def typed_by_tests() -> list[tuple[str, ...]]:
    """The words of each `holdfast` command that an end-to-end test runs; what is no constant is an empty word."""
    return [
        words for path in sorted((ROOT / "tests/e2e").glob("*.py")) for words in _typed(ast.parse(path.read_text()))
    ]


def _typed(module: ast.Module) -> Iterator[tuple[str, ...]]:
    known = {target.id: each.value for each in module.body if isinstance(each, ast.Assign) for target in each.targets
             if isinstance(target, ast.Name) and isinstance(each.value, ast.Tuple)}  # fmt: skip
    for call in ast.walk(module):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "holdfast":
            yield tuple(word for each in call.args for word in _constants(each, known))


def _constants(node: ast.expr, known: dict[str, ast.Tuple]) -> list[str]:
    if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name) and node.value.id in known:
        return [word for each in known[node.value.id].elts for word in _constants(each, known)]
    return [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""]
