# SPDX-License-Identifier: Apache-2.0
"""Every code that a finding of the program can have, taken from its source.

A finding is made with ``Remark(code=...)``. The code is a literal, or a name that is bound
in the same module: by an assignment, in a loop over a table of literals, or as a parameter
that every caller in the module fills in. A name that cannot be followed is an error, so that
no code escapes the page of findings.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


class Untraceable(Exception):  # noqa: N818 - reads as what it is
    """A code of which the source does not tell what it can be."""


def codes_in(folder: Path) -> frozenset[str]:
    """Return every code that a module below ``folder`` can give a finding.

    Raises:
        Untraceable: a code cannot be followed to its literals.
    """
    found: set[str] = set()
    for path in sorted(folder.rglob("*.py")):
        found |= codes_of(path.read_text(encoding="utf-8"), str(path))
    return frozenset(found)


def codes_of(source: str, where: str) -> frozenset[str]:
    """Return every code that one module can give a finding.

    Raises:
        Untraceable: a code cannot be followed to its literals.
    """
    module = ast.parse(source)
    parents = {child: node for node in ast.walk(module) for child in ast.iter_child_nodes(node)}
    found: set[str] = set()
    for call in _calls(module, "Remark"):
        for keyword in call.keywords:
            # A code that is read from another finding is no new one.
            if keyword.arg == "code" and not isinstance(keyword.value, ast.Attribute):
                literals = set(_literals(keyword.value, parents))
                if not literals:
                    raise Untraceable(f"{where}:{call.lineno}: {ast.unparse(keyword.value)}")
                found |= literals
    return frozenset(found)


_Parents = dict[ast.AST, ast.AST]


def _calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _literals(node: ast.expr, parents: _Parents) -> Iterator[str]:
    """Yield what an expression can be, as far as it is made of literals."""
    match node:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp(body=body, orelse=other):
            yield from _literals(body, parents)
            yield from _literals(other, parents)
        case ast.Name(id=name):
            for scope in _scopes(node, parents):
                if bound := {*_bound(name, scope, parents)}:
                    yield from bound
                    return
        case _:
            pass


def _scopes(node: ast.AST, parents: _Parents) -> Iterator[ast.AST]:
    """Yield the functions around a node, inside first, then the module."""
    while node in parents:
        node = parents[node]
        if isinstance(node, ast.FunctionDef | ast.Module):
            yield node


def _bound(name: str, scope: ast.AST, parents: _Parents) -> Iterator[str]:
    for node in ast.walk(scope):
        match node:
            case ast.Assign(targets=[target], value=value):
                yield from _from_value(name, target, value, parents)
            case ast.For(target=target, iter=rows) | ast.comprehension(target=target, iter=rows):
                yield from _from_table(name, target, rows, parents)
            case _:
                pass
    if isinstance(scope, ast.FunctionDef):
        yield from _from_callers(name, scope, parents)


def _from_value(name: str, target: ast.expr, value: ast.expr, parents: _Parents) -> Iterator[str]:
    if isinstance(target, ast.Name) and target.id == name:
        yield from _literals(value, parents)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for part, given in zip(target.elts, value.elts, strict=True):
            yield from _from_value(name, part, given, parents)


def _from_table(name: str, target: ast.expr, rows: ast.expr, parents: _Parents) -> Iterator[str]:
    if isinstance(rows, ast.Tuple | ast.List):
        for row in rows.elts:
            yield from _from_value(name, target, row, parents)


def _from_callers(name: str, function: ast.FunctionDef, parents: _Parents) -> Iterator[str]:
    arguments = function.args
    positions = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    if name not in positions and name not in [a.arg for a in arguments.kwonlyargs]:
        return
    *_, module = _scopes(function, parents)
    for call in _calls(module, function.name):
        given = dict(zip(positions, call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if name in given:
            yield from _literals(given[name], parents)
