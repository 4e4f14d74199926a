# SPDX-License-Identifier: Apache-2.0
"""Rewrite what the documentation takes from the program: help texts, fields, schemas.

    python docs/generate.py [--check]

A region between ``<!-- generated: WHAT -->`` and ``<!-- end -->`` belongs to this script;
the text around it is written by hand. With ``--check`` nothing is written, and the exit
code is 1 when something would change.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click

from tiergate import errors
from tiergate.cli.commands.schema import DOCUMENTS, schema
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.failures import exit_code_for
from tiergate.cli.main import cli
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import SHIPPED, load_policy, shipped_policies
from tiergate.landscape.obligations import by_id, shipped_files
from tiergate.release.incident_deadlines import Phase, shipped_deadlines
from tiergate.report import policy_page
from tiergate.report.bom_coverage import ELEMENTS, Filling

DOCS = Path(__file__).resolve().parent
SCHEMAS = DOCS / "reference" / "schemas"
PACKS = DOCS / "reference" / "packs"

_COUNTED_FROM = {
    Phase.INITIAL: "when it became known",
    Phase.UPDATE: "the last report, while it is open",
    Phase.FINAL: "when it was closed",
}
_REGION = re.compile(r"(<!-- generated: (?P<what>[^>]*) -->\n).*?(<!-- end -->)", re.DOTALL)
_Schema = dict[str, object]


def pages() -> Iterator[Path]:
    """Yield every page of the documentation, built ones left out."""
    yield from (p for p in sorted(DOCS.rglob("*.md")) if "_build" not in p.parts)


def wanted() -> Iterator[tuple[Path, str]]:
    """Yield every generated file with the content that it should have."""
    for name in DOCUMENTS:
        yield SCHEMAS / f"{name}.json", json.dumps(schema(name), indent=2, sort_keys=True) + "\n"
    yield from _packs()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        if "<!-- generated:" in text:
            yield page, regenerated(text)


def _packs() -> Iterator[tuple[Path, str]]:
    """Yield a page for every policy that ships, and one that lists them."""
    known = by_id(shipped_files())
    found = [load_policy(name) for name in shipped_policies()]
    yield PACKS / "index.md", "\n".join(_pack_list(found)) + "\n"
    for policy in found:
        text = (SHIPPED / f"{policy.id}.yaml").read_text(encoding="utf-8")
        remarks = policy_page.remarks_at_head(text)
        yield PACKS / f"{policy.id}.md", policy_page.page(policy, remarks, known)


def _pack_list(policies: list[Policy]) -> Iterator[str]:
    yield "# Policies that ship"
    yield ""
    yield "One page each, made from its file; `tiergate check MODEL --policy ID` decides by one."
    yield ""
    yield "| id | version | what it is | extends | loosened |"
    yield "|---|---|---|---|---|"
    for policy in policies:
        extends = policy.extends[0] if policy.extends else ""
        loosened = f"in {len(policy.loosenings)} places" if policy.loosenings else ""
        name = f"[{policy.id}]({policy.id}.md)"
        yield f"| {name} | {policy.version} | {policy.title} | {extends} | {loosened} |"
    yield from ("", "```{toctree}", ":hidden:", "")
    yield from (policy.id for policy in policies)
    yield "```"


def regenerated(text: str) -> str:
    """Return the text of a page with every region written anew."""
    return _REGION.sub(lambda m: f"{m[1]}\n{_region(m['what'])}\n\n{m[3]}", text)


def _region(what: str) -> str:
    kind, _, argument = what.partition(" ")
    match kind:
        case "cli":
            return "\n\n".join(_help(path) for path in command_paths())
        case "fields":
            return "\n\n".join(_fields(argument))
        case "errors":
            return _errors()
        case "exit-codes":
            return _exit_codes()
        case "bom-coverage":
            return _bom_coverage()
        case "incident-deadlines":
            return _incident_deadlines()
        case _:
            raise SystemExit(f"docs/generate.py: no region is called {what!r}")


def command_paths() -> Iterator[tuple[str, ...]]:
    """Yield every command and group as the words after ``tiergate``, in order of first use."""
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in command.commands)


def help_of(path: tuple[str, ...]) -> str:
    """Return what ``tiergate PATH --help`` prints on 80 columns."""
    printed, before = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(printed):
            cli.main([*path, "--help"], prog_name="tiergate", standalone_mode=False)
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines()).strip()


def _help(path: tuple[str, ...]) -> str:
    return f"## tiergate {' '.join(path)}\n\n```text\n{help_of(path)}\n```"


def _exit_codes() -> str:
    rows = ["| code | name | meaning |", "|---|---|---|"]
    notes = _field_docstrings(ExitCode)
    rows += [
        f"| {int(c)} | {c.name.lower().replace('_', ' ')} | {notes[c.name]} |" for c in ExitCode
    ]
    return "\n".join(rows)


def _bom_coverage() -> str:
    rows = ["| element | | in the bill | where | what stands there, or why nothing does |"]
    rows += ["|---|---|---|---|---|"]
    for element in ELEMENTS:
        where = f"`{element.path}`" if element.path else ""
        rows.append(
            f"| {element.code} | {element.name} | {element.filling} | {where} | {element.why} |"
        )
    counts = Counter(element.filling for element in ELEMENTS)
    words = "; ".join(f"{counts[filling]} {filling}" for filling in Filling)
    return "\n".join([f"Of {len(ELEMENTS)} elements: {words}.", "", *rows])


def _incident_deadlines() -> str:
    table = shipped_deadlines()
    head = ["| id | where | incidents | how long | counted from | to whom | status | known as |"]
    rows = [*head, "|---|---|---|---|---|---|---|---|"]
    for row in table.deadlines:
        within = row.words if row.within is None else row.within.text
        source = f"[{row.instrument}]({row.source_url}), {row.source_date}"
        force = "" if row.in_force_from is None else f"; holds from {row.in_force_from}"
        rows.append(
            f"| `{row.id}` | {row.jurisdiction} | {', '.join(row.severities)} | {within} "
            f"| {_COUNTED_FROM[row.phase]} | {row.to} | {row.status}: {source}{force}. "
            f"{row.basis} | {row.read_as} |"
        )
    rows += ["", "Looked at, and without a deadline here:", ""]
    rows += [f"- {row.jurisdiction}: {row.says}" for row in table.without]
    return "\n".join([f"As of {table.as_of}.", "", *rows])


def _field_docstrings(owner: type) -> dict[str, str]:
    body = ast.parse(inspect.getsource(owner)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for field, note in zip(body.body, body.body[1:], strict=False):
        if isinstance(field, ast.Assign) and isinstance(field.targets[0], ast.Name):
            assert isinstance(note, ast.Expr)
            assert isinstance(note.value, ast.Constant)
            found[field.targets[0].id] = str(note.value.value)
    return found


def _errors() -> str:
    rows = ["| error | means | exit code |", "|---|---|---|"]
    rows += [
        f"| `{kind.__name__}` | {(kind.__doc__ or '').splitlines()[0]} | {code} |"
        for kind, code in _error_kinds(errors.TiergateError)
    ]
    return "\n".join(rows)


def _error_kinds(kind: type[errors.TiergateError]) -> Iterator[tuple[type, str]]:
    # What an extra adds is known only where something has loaded it.
    for below in (k for k in kind.__subclasses__() if k.__module__ == errors.__name__):
        yield below, str(int(exit_code_for(below("", ""))))
        yield from _error_kinds(below)


def _fields(document: str) -> Iterator[str]:
    """Yield a table for the document and for every object in it, in order of first use."""
    whole = schema(document)
    definitions = _object(whole.get("$defs"))
    if "else" in whole:
        # Where the schema depends on the document, the whole form is shown; the other is looser.
        whole = _object(whole["else"])
    top = _object(whole if "properties" in whole else definitions[_reference(whole)])
    todo, seen = [("The document", top)], set[str]()
    while todo:
        title, part = todo.pop(0)
        yield _table(title, part, definitions)
        for name in _references(part):
            if name not in seen and "properties" in _object(definitions[name]):
                seen.add(name)
                todo.append((_title(name), _object(definitions[name])))


def _table(title: str, part: _Schema, definitions: _Schema) -> str:
    required = part.get("required", [])
    assert isinstance(required, list)
    rows = [f"### {title}", "", _line(part), "", "| field | value | meaning |", "|---|---|---|"]
    for name, field in _object(part["properties"]).items():
        found = _object(field)
        need = "" if name in required else ", may be left out"
        value = _value(found, definitions).replace("|", "\\|")
        rows.append(f"| `{name}` | {value}{need} | {_line(found)} |")
    return "\n".join(rows)


def _value(part: _Schema, definitions: _Schema) -> str:
    if "$ref" in part:
        name = _reference(part)
        target = _object(definitions[name])
        return _title(name) if "properties" in target else _value(target, definitions)
    if "const" in part:
        return f"`{json.dumps(part['const'])}`"
    if "enum" in part:
        values = part["enum"]
        assert isinstance(values, list)
        return ", ".join(f"`{value}`" for value in values)
    ways = part.get("anyOf", part.get("oneOf"))
    if isinstance(ways, list):
        return " or ".join(dict.fromkeys(_value(_object(way), definitions) for way in ways))
    if part.get("type") in {"array", "object"}:
        return _many(part, definitions)
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    kind = str(part.get("type", "anything"))
    pattern = f", `{part['pattern']}`" if "pattern" in part else ""
    return words.get(kind, kind) + pattern


def _many(part: _Schema, definitions: _Schema) -> str:
    if part["type"] == "array":
        return f"list of: {_value(_object(part.get('items', {})), definitions)}"
    by_pattern = _object(part.get("patternProperties"))
    inner = next(iter(by_pattern.values()), part.get("additionalProperties"))
    return f"object of: {_value(_object(inner), definitions)}"


def _references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            yield _reference(part)
        for name, value in part.items():
            if name != "$defs":
                yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _reference(part: _Schema) -> str:
    return str(part["$ref"]).rpartition("/")[2]


def _title(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.strip("_").removesuffix("Part"))
    return words.lower()


def _line(part: _Schema) -> str:
    text = " ".join(str(part.get("description", "")).replace("``", "`").split())
    return text.replace("|", "\\|")


def _object(value: object) -> _Schema:
    return value if isinstance(value, dict) else {}


def main() -> None:
    """Write or compare."""
    check = sys.argv[1:] == ["--check"]
    changed = [
        path
        for path, text in wanted()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if not check:
        SCHEMAS.mkdir(exist_ok=True)
        PACKS.mkdir(exist_ok=True)
        for path, text in list(wanted()):
            path.write_text(text, encoding="utf-8")
    for path in changed:
        sys.stdout.write(f"{path.relative_to(DOCS)}: {'differs' if check else 'written'}\n")
    sys.exit(1 if check and changed else 0)


if __name__ == "__main__":
    main()
