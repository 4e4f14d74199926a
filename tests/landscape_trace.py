# SPDX-License-Identifier: Apache-2.0
"""Statements of the landscape as they are printed, and the rows that they are followed back to.

The rows are read here from the files that ship, by other code than the program's own.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import yaml

import tiergate.landscape

FOLDER = Path(tiergate.landscape.__file__).parent
VINTAGE = FOLDER / "vintages" / "2026-08-11"
AT = date(2026, 11, 29)
_VOID = {"meta", "link", "br", "wbr", "input", "img"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A statement as somebody reads it."""

    where: str
    """The page or the document."""
    text: str
    """What it says."""
    rows: tuple[str, ...]
    """Rows that it names."""
    rule: str
    """How it says that it follows from them."""
    column: str
    """The column that it names; empty for none."""


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return every row that ships by its id."""
    found: dict[str, dict[str, str]] = {}
    for table in yaml.safe_load((VINTAGE / "vintage.yaml").read_text())["tables"]:
        with (VINTAGE / table["file"]).open(newline="", encoding="utf-8") as file:
            for number, row in enumerate(csv.DictReader(file), 1):
                slug = table["name"].replace(" ", "-")
                own = {"source_date": f"read {table['read']}", **row}
                found[f"{slug}-{number}"] = own
    for path in sorted((FOLDER / "data").glob("*.yaml")):
        read = yaml.load(path.read_text(), Loader=yaml.BaseLoader)  # noqa: S506
        for part in read["obligations"]:
            document = read["documents"][part["document"]]
            found[f"obligation-{part['id']}"] = {
                "in_force_from": "",
                **part,
                "place": document["place"],
                "standing": document["standing"],
                "source_date": document["date"],
            }
    return found


@dataclass
class _Open:
    tag: str
    attributes: Mapping[str, str | None]
    has_text: bool = False
    text: list[str] = field(default_factory=list)


class Site(HTMLParser):
    """Collects what a page prints: statements with rows, and words that name none."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.printed: list[Printed] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.cells_without_rows: list[str] = []
        self.loose: list[str] = []
        self._open: list[_Open] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        attributes = dict(attrs)
        if "id" in attributes:
            self.ids.add(attributes["id"] or "")
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"] or "")
        if tag not in _VOID:
            self._open.append(_Open(tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        """Close an element, and keep what it said."""
        closed = self._open.pop()
        assert closed.tag == tag, (self.name, tag, closed.tag)
        said = "".join(closed.text)
        if "data-row" in closed.attributes:
            self._keep(closed, said)
        elif tag == "td" or (tag == "th" and closed.attributes.get("scope") == "row"):
            self.cells_without_rows.append(said)

    def _keep(self, closed: _Open, said: str) -> None:
        named = tuple((closed.attributes["data-row"] or "").split())
        if said and not named:
            self.cells_without_rows.append(said)
        if said:
            self.printed.append(
                Printed(
                    where=self.name,
                    text=said,
                    rows=named,
                    rule=closed.attributes.get("data-rule") or "verbatim",
                    column=closed.attributes.get("data-column") or "",
                )
            )

    def handle_data(self, data: str) -> None:
        """Keep text with the statement that it is of."""
        tags = [each.tag for each in self._open]
        if "main" not in tags or "svg" in tags:
            return
        owner = next((each for each in reversed(self._open) if "data-row" in each.attributes), None)
        innermost = self._open[-1]
        if owner is None:
            if not {"pre", "thead", "details"} & set(tags) and data.strip():
                self.loose.append(data.strip())
        elif innermost.attributes.get("class") == "text" or innermost is owner:
            owner.text.append(data.strip("\n"))


def of_site(folder: Path) -> dict[str, Site]:
    """Read every page of a site."""
    found = {}
    for path in sorted(folder.glob("*.html")):
        found[path.name] = Site(path.name)
        found[path.name].feed(path.read_text(encoding="utf-8"))
    return found


def follows(said: Printed, known: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether a statement follows from its rows by the rule that it names."""
    own = [known[name] for name in said.rows]
    return _RULES[said.rule](said, own)


_Rows = list[Mapping[str, str]]


def _verbatim(said: Printed, own: _Rows) -> bool:
    return own[0][said.column] == said.text


def _rounded(said: Printed, own: _Rows) -> bool:
    number = float(own[0][said.column])
    return said.text in {f"{number:.1f}", f"{number:.2e}".replace("e+", "e")}


def _dated(said: Printed, own: _Rows) -> bool:
    return own[0]["source_date"] == said.text


_ACCESS = {
    "Open weights (unrestricted)": "open, unrestricted",
    "Open weights (restricted use)": "open, restricted use",
    "Open weights (non-commercial)": "open, non-commercial",
    "API access": "closed",
    "Hosted access (no API)": "closed",
    "Unreleased": "closed",
}


def _sorted(said: Printed, own: _Rows) -> bool:
    if said.column == "access":
        return _ACCESS[own[0]["access"]] == said.text
    if said.column == "topic":
        return all(row["id"] in _topics()[said.text] for row in own)
    found = {_applies(row) for row in own}
    order = ["binding", "pending", "voluntary", "asks nothing"]
    return min(found, key=order.index) == said.text == _applies(own[0])


@cache
def _topics() -> dict[str, list[str]]:
    found: dict[str, list[str]] = yaml.safe_load((FOLDER / "topics.yaml").read_text())
    return found


def _applies(row: Mapping[str, str]) -> str:
    if row["standing"] == "law":
        return "pending" if row["in_force_from"] > AT.isoformat() else "binding"
    standings = {"draft": "pending", "voluntary": "voluntary", "guidance": "voluntary"}
    return standings.get(row["standing"], "asks nothing")


def _counted(said: Printed, own: _Rows) -> bool:
    numbers = [int(word) for word in re.findall(r"\d+", said.text)]
    if "found" in own[0]:
        yes = sum(row["found"] == "yes" for row in own)
        if " of " not in said.text:
            return numbers == [yes]
        is_whole = ";" not in said.text or yes + sum(numbers[2:]) == len(own)
        return numbers[:2] == [yes, len(own)] and is_whole
    if "openness_system" in own[0]:
        return numbers == [0]
    if "licenses" in own[0]:
        parts = list(own[0].values())[list(own[0]).index("link") + 1 :]
        return numbers[0] in {len(parts), sum(part == "open" for part in parts)}
    scores = {name: value for name, value in own[0].items() if value in {"0", "1"}}
    among = {row["developer"] for row in own[1:]} or set(scores)
    return numbers == [sum(scores[name] == "1" for name in among), len(among)]


def _computed(said: Printed, own: _Rows) -> bool:
    numbers = [
        float(word.replace(",", "")) for word in re.findall(r"\d[\d,]*(?:\.\d+)?", said.text)
    ]
    if "amount" in own[0]:
        price = {"usd": 1, "gpu_hours": 2}[own[0]["unit"]]
        return numbers[0] == float(own[0]["amount"]) * price
    if "points" in said.text:
        points = float(own[0]["index"]) - float(own[1]["index"])
        return all(row["model"] in said.text for row in own) and f"{points:.1f} points" in said.text
    later = date(2026, 8, 11) if "before" in said.text else date.fromisoformat(own[0]["released"])
    months = (later - date.fromisoformat(own[1]["released"])).days / 30.4375
    return f"{months:.1f}" in said.text and own[1]["model"] in said.text


_RULES: dict[str, Callable[[Printed, _Rows], bool]] = {
    "verbatim": _verbatim,
    "rounded": _rounded,
    "dated": _dated,
    "sorted": _sorted,
    "counted": _counted,
    "computed": _computed,
}


def of_documents(
    developers: Mapping[str, object],
    matrix: Mapping[str, object],
    cases: Mapping[str, object],
    costs: Mapping[str, object],
) -> Iterator[Printed]:
    """Yield what the commands print with ``--json``."""
    for count in _list(developers, "counts"):
        named = (*count["counted"], *(r for r in count["looked_at"] if r not in count["counted"]))
        yield Printed(
            where="developers", text=count["words"], rows=named, rule="counted", column=""
        )
    for one in _list(developers, "developers"):
        yield from _columns(
            "developers", one, {"name": "developer", "region": "region", "models": "models"}
        )
        for each in one["practices"]:
            yield from _columns("developers", each, {"found": "found", "says": "says"})
    for each in _list(developers, "ratings"):
        yield from _columns("developers", each, {"rating": "rating", "value": "value"})
    for each in _list(matrix, "duties"):
        said = {"id": "id", "place": "place", "since": "in_force_from", "applies_to": "applies_to"}
        yield from _columns("matrix", each, said)
        yield Printed(
            where="matrix", text=each["applies"], rows=(each["row"],), rule="sorted",
            column="applies",
        )  # fmt: skip
    for each in _list(cases, "cases"):
        yield from _columns("cases", each, _same("date", "who", "what", "happened", "element"))
    for each in _list(costs, "costs"):
        said = _same("model", "method", "cost", "metric", "before", "after", "caveat")
        yield from _columns("costs", each, said)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


def _list(document: Mapping[str, object], name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return document[name]


def _columns(where: str, part: Mapping[str, str], said: Mapping[str, str]) -> Iterator[Printed]:
    for name, column in said.items():
        if part[name]:
            yield Printed(
                where=where, text=part[name], rows=(part["row"],), rule="verbatim", column=column
            )
