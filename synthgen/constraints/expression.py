"""Arithmetic of columns: read by Python's own parser, never executed by Python."""

from __future__ import annotations

import ast
import keyword
import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synthgen.exceptions import SchemaError

MAX_LENGTH = 2_000
"""Characters of an expression, at most."""
_QUOTED = re.compile(r"`((?:[^`]|``)*)`")
_PLACE = "_column_{}_"
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_UNARY: dict[type, Callable[[Any], Any]] = {ast.UAdd: operator.pos, ast.USub: operator.neg}


@dataclass(frozen=True)
class Expression:
    """A formula's right side, taken apart.

    Parameters
    ----------
    tree : ast.expr
        Of ``+ - * /``, numbers and names only.
    names : tuple of str
        The columns in it, each once, in order of appearance.
    aliases : dict of str to str
        What stands in the tree for a column whose name was quoted.
    """

    tree: ast.expr
    names: tuple[str, ...]
    aliases: Mapping[str, str]

    @property
    def is_additive(self) -> bool:
        """Whether it only adds and subtracts columns and whole numbers."""
        allowed = (ast.Name, ast.BinOp, ast.UnaryOp, ast.Add, ast.Sub, ast.UAdd, ast.USub, ast.Load)
        return all(
            isinstance(n, allowed)
            or (isinstance(n, ast.Constant) and isinstance(n.value, int) and abs(n.value) < 2**31)
            for n in ast.walk(self.tree)
        )

    @property
    def n_terms(self) -> int:
        """Columns and numbers, each as often as it stands there."""
        return sum(isinstance(n, (ast.Name, ast.Constant)) for n in ast.walk(self.tree))

    def evaluate(self, columns: Mapping[str, Any], scale: int = 1) -> Any:
        """The value.

        Parameters
        ----------
        columns : mapping of str to ndarray
            One array for each of `names`.
        scale : int
            What the numbers in the expression are multiplied by, for columns in another unit; only where the
            expression is additive.

        Returns
        -------
        ndarray
            As numpy's own arithmetic gives it, warnings included.
        """
        return _value(self.tree, columns, self.aliases, scale)


def parse_expression(text: str) -> Expression:
    """Take a formula's right side apart.

    Parameters
    ----------
    text : str
        Columns, numbers, ``+ - * /`` and parentheses. Names that are no Python names stand between backquotes:
        ``"`hours-per-week` * 52"``; a backquote in a name is doubled.

    Returns
    -------
    Expression
        The parts.

    Raises
    ------
    SchemaError
        If it holds anything else.

    Examples
    --------
    >>> parse_expression("fare + (tip + `toll 1`) / 2").names
    ('fare', 'tip', 'toll 1')
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_LENGTH:
        raise SchemaError(
            f"An expression must be a text of 1 to {MAX_LENGTH:,} characters. Got {text!r:.80}."
        )
    aliases: dict[str, str] = {}

    def place(found: re.Match[str]) -> str:
        key = _PLACE.format(len(aliases))
        aliases[key] = found[1].replace("``", "`")
        return key

    try:
        plain = _QUOTED.sub(place, text).strip()
        if "#" in plain:  # Python would pass over what follows
            raise ValueError("'#' stands outside backquotes")
        tree = ast.parse(plain, mode="eval").body
        nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr)]
        _check(tree, text)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise SchemaError(
            f"The expression {text!r:.200} cannot be read: it must be made of columns, numbers, + - * / and "
            f"parentheses, with names that hold spaces or signs between backquotes (`a b`). ({error})"
        ) from error
    found = sorted((n for n in nodes if isinstance(n, ast.Name)), key=lambda n: (n.lineno, n.col_offset))
    names = tuple(dict.fromkeys(aliases.get(n.id, n.id) for n in found))
    if not names:
        raise SchemaError(f"The expression {text!r} must name a column.")
    return Expression(tree, names, aliases)


def quoted(name: str) -> str:
    """A column's name as it must stand in an expression: a backquote in it is doubled."""
    if name.isidentifier() and name.isascii() and not keyword.iskeyword(name):
        return name
    return "`" + name.replace("`", "``") + "`"


def _value(node: ast.expr, columns: Mapping[str, Any], aliases: Mapping[str, str], scale: int) -> Any:
    if isinstance(node, ast.BinOp):
        left, right = (_value(side, columns, aliases, scale) for side in (node.left, node.right))
        return _BINARY[type(node.op)](left, right)
    if isinstance(node, ast.UnaryOp):
        return _UNARY[type(node.op)](_value(node.operand, columns, aliases, scale))
    if isinstance(node, ast.Name):
        return columns[aliases.get(node.id, node.id)]
    return node.value * scale if isinstance(node, ast.Constant) else None  # type: ignore[operator]


def _check(node: ast.expr, text: str) -> None:
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        _check(node.left, text)
        _check(node.right, text)
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
        _check(node.operand, text)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and _is_number(node.value):
        return
    elif not isinstance(node, ast.Name):
        raise SyntaxError(f"{ast.unparse(node)!r:.80} is none of these")


def _is_number(value: float) -> bool:
    return not isinstance(value, bool) and math.isfinite(value)
