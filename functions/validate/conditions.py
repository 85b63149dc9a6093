"""Row conditions: which rows an expectation is asked of, written as Great Expectations has them, as SQL.

Three spellings: pandas' (`plan == "pro" and seats > 5`), Great Expectations' (`col("plan") == "pro"`), and the mapping of 1.x
(`{type: comparison, column: {name: plan}, operator: "==", parameter: pro}`). Comparisons of a column with a value, `in`,
`isnull()`, `notnull()`, `and`, `or`, `not` and brackets; anything else is refused. As in pandas, a comparison with null is
false, and `!=` and `not in` are its opposite.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from validate.sql import Types, among, column, comparable

PARSERS = ("pandas", "great_expectations", "great_expectations__experimental__")
_SAID = "allowed are comparisons of a column with a value (== != < <= > >= in, not in), isnull(), notnull(), and, or, not, brackets"
_OPERATORS = {
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.In: "IN", ast.NotIn: "NOT_IN",
}  # fmt: skip
_FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_BACKTICKS = re.compile(r"`([^`]+)`")


class ConditionError(ValueError):
    """When a row condition says what cannot be said here."""


Tree = tuple[Any, ...]
"""`("and" | "or", left, right, …)`, `("not", tree)`, `("null", column)` or `("compare", column, operator, value)`."""


def parsed(condition: Any) -> Tree:
    """A condition in any spelling.

    Raises:
        ConditionError: naming what is not supported and what is.
    """
    if isinstance(condition, Mapping):
        return _of_mapping(condition)
    if not isinstance(condition, str):
        raise ConditionError(f"row_condition is {condition!r}; {_SAID}")
    names = _BACKTICKS.findall(condition)
    numbers = iter(range(len(names)))
    text = _BACKTICKS.sub(lambda _: f" _named_{next(numbers)} ", condition)
    try:
        return _of_node(ast.parse(text.strip(), mode="eval").body, names)
    except ConditionError:
        raise
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:  # the last: brackets too deep in each other
        raise ConditionError(f"row_condition {condition!r} cannot be read; {_SAID}") from error


def columns_of(tree: Tree) -> set[str]:
    """Columns that a condition looks at."""
    if tree[0] in ("compare", "null"):
        return {tree[1]}
    return set().union(*(columns_of(part) for part in tree[1:]))


def compiled(tree: Tree, types: Types) -> str:
    """SQL that is true or false, never null.

    Raises:
        UnjudgeableError: a column's values have no order with the value.
    """
    if tree[0] in ("and", "or"):
        return "(" + f" {tree[0].upper()} ".join(compiled(part, types) for part in tree[1:]) + ")"
    if tree[0] == "not":
        return f"(NOT {compiled(tree[1], types)})"
    if tree[0] == "null":
        return f"({column(tree[1], types)} IS NULL)"
    _, name, operator, value = tree
    if operator in ("==", "IN"):
        return among(name, types, value if operator == "IN" else [value])
    if operator in ("!=", "NOT_IN"):
        return f"(NOT {among(name, types, value if operator == 'NOT_IN' else [value])})"
    left, right = comparable(name, types, value)
    return f"coalesce({left} {operator} {right}, false)"


def _of_mapping(condition: Mapping[str, Any]) -> Tree:
    kind = condition.get("type")
    if kind in ("and", "or"):
        return (kind, *(parsed(part) for part in condition.get("conditions", [])))
    if kind == "pass_through":
        return parsed(condition.get("pass_through_filter"))
    named = condition.get("column")
    name = named.get("name") if isinstance(named, Mapping) else named
    if kind == "nullity" and isinstance(name, str):
        return ("null", name) if condition.get("is_null") else ("not", ("null", name))
    operator, value = condition.get("operator"), condition.get("parameter")
    if kind == "comparison" and isinstance(name, str) and operator in _OPERATORS.values():
        return _comparison(name, str(operator), value)
    raise ConditionError(f"row_condition {dict(condition)!r} is no condition of Great Expectations 1.x; {_SAID}")


def _of_node(node: ast.expr, names: Sequence[str]) -> Tree:
    if isinstance(node, ast.BoolOp):
        return ("and" if isinstance(node.op, ast.And) else "or", *(_of_node(part, names) for part in node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        return (
            "and" if isinstance(node.op, ast.BitAnd) else "or",
            _of_node(node.left, names),
            _of_node(node.right, names),
        )
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        return ("not", _of_node(node.operand, names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        return _of_call(node.func, names)
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        parts = [_of_comparison(a, op, b, names) for a, op, b in zip(sides, node.ops, sides[1:], strict=False)]
        return parts[0] if len(parts) == 1 else ("and", *parts)
    raise ConditionError(f"row_condition: {ast.unparse(node)!r} is not supported; {_SAID}")


def _of_call(function: ast.Attribute, names: Sequence[str]) -> Tree:
    name = _column(function.value, names)
    asks = function.attr.lower()
    if name is None or asks not in ("isnull", "isna", "notnull", "notna"):
        raise ConditionError(f"row_condition: {ast.unparse(function)}() is not supported; {_SAID}")
    return ("null", name) if asks.startswith("is") else ("not", ("null", name))


def _of_comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, names: Sequence[str]) -> Tree:
    sign = _OPERATORS.get(type(operator))
    name, flipped = _column(left, names), False
    if name is None and sign in _FLIPPED:
        name, left, right, flipped = _column(right, names), right, left, True
    if name is None or sign is None:
        raise ConditionError(f"row_condition: {ast.unparse(left)!r} is compared with no column; {_SAID}")
    try:
        value = ast.literal_eval(right)
    except (ValueError, TypeError) as error:
        raise ConditionError(f"row_condition: {ast.unparse(right)!r} is no value; {_SAID}") from error
    return _comparison(name, _FLIPPED[sign] if flipped else sign, value)


def _comparison(name: str, operator: str, value: Any) -> Tree:
    if operator in ("IN", "NOT_IN"):
        if isinstance(value, str) or not isinstance(value, list | tuple | set):
            raise ConditionError(f"row_condition: {name} is asked to be in {value!r}, which is no list")
        return ("compare", name, operator, list(value))
    if value is None or not isinstance(value, str | int | float):
        raise ConditionError(f"row_condition: {name} is compared with {value!r}; ask isnull() or notnull() instead")
    return ("compare", name, operator, value)


def _column(node: ast.expr, names: Sequence[str]) -> str | None:
    if isinstance(node, ast.Name):
        found = re.fullmatch(r"_named_(\d+)", node.id)
        number = int(found[1]) if found else len(names)
        return names[number] if number < len(names) else node.id
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "col"
    if called and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):  # type: ignore[attr-defined]
        return str(node.args[0].value)  # type: ignore[attr-defined]
    return None
