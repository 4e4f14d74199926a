# SPDX-License-Identifier: Apache-2.0
"""The readers that come with Tiergate, and reading a log without saying which tool wrote it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import READERS, ForeignLog, Reader
from tiergate.extension import Registry

_FOLDER, _OTHER = "a folder", "another ending"
_LINES = ".jsonl"
_ENDINGS = frozenset({".eval", ".json", _LINES, ".md", ".yaml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeferredReader:
    """A reader whose module is imported when a file comes that it could be for.

    Reading one log then costs the import of its own reader and of few others.
    """

    name: str
    """Name of the tool."""
    place: str
    """Module below this package and class, as in ``garak:GarakReader``."""
    endings: frozenset[str]
    """Endings of the files that it could be for; folders, and other endings, by their words."""
    marks: tuple[str, ...] = ()
    """A ``.jsonl`` file that it could be for has one of these in its name or its first line.

    None when it could be for any.
    """

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` looks like a log of this tool; see :class:`Reader`."""
        ending = _FOLDER if path.is_dir() else path.suffix
        if ending not in {_FOLDER, *_ENDINGS}:
            ending = _OTHER
        if ending not in self.endings or (ending == _LINES and not self._is_marked(path)):
            return False
        return self.reader.recognises(path)

    def read(self, path: Path) -> ForeignLog:
        """Read the log; see :class:`Reader`.

        Raises:
            EvidenceError: the log cannot be used.
        """
        return self.reader.read(path)

    def _is_marked(self, path: Path) -> bool:
        # Most commands read no log, and this module needs others that are slow to import.
        from tiergate.evidence.readers.sniff import first_line_mentions

        named = any(mark in path.name for mark in self.marks)
        return named or not self.marks or first_line_mentions(path, self.marks)

    @property
    def reader(self) -> Reader:
        """The reader itself, imported."""
        module, _, maker = self.place.partition(":")
        found = importlib.import_module(f"tiergate.evidence.readers.{module}")
        reader: Reader = getattr(found, maker)()
        return reader


def _deferred(name: str, place: str, *endings: str, marks: tuple[str, ...] = ()) -> DeferredReader:
    return DeferredReader(name=name, place=place, endings=frozenset(endings), marks=marks)


_MOST_NAMED = 5
_BUILT_IN: tuple[Reader, ...] = (
    _deferred(
        "every_eval_ever",
        "every_eval_ever:EveryEvalEverReader",
        _FOLDER,
        ".json",
        _LINES,
        marks=("_samples.jsonl", '"evaluation_name"'),
    ),
    _deferred(
        "garak",
        "garak:GarakReader",
        _LINES,
        marks=(".report.jsonl", ".hitlog.jsonl", '"entry_type"', '"attempt_id"'),
    ),
    _deferred("harmbench", "harmbench:HarmBenchReader", ".json", _OTHER),
    _deferred("helm", "helm:HelmReader", _FOLDER, ".json"),
    _deferred("hugging_face", "hf_claims:HfClaimsReader", ".md", ".yaml"),
    _deferred("inspect_ai", "inspect_ai:InspectReader", ".eval", ".json", _OTHER),
    _deferred("jailbreakbench", "jailbreakbench:JailbreakBenchReader", ".json", _OTHER),
    _deferred("lm_eval", "lm_eval:LmEvalReader", _FOLDER, ".json", _LINES),
    _deferred("promptfoo", "promptfoo:PromptfooReader", ".json", _OTHER),
    _deferred("pyrit", "pyrit:PyritReader", _OTHER),
)

for _reader in _BUILT_IN:
    READERS.register(_reader.name, _reader)


def reader_for(path: Path, *, readers: Registry[Reader] = READERS) -> Reader:
    """Return the one reader that recognises ``path``.

    Raises:
        EvidenceError: no reader does, or several do.
    """
    fitting = [name for name in readers if readers[name].recognises(path)]
    if len(fitting) == 1:
        return readers[fitting[0]]
    if not path.exists():
        raise EvidenceError(str(path), "nothing", "a log", "Check the path.")
    if fitting:
        raise EvidenceError(
            path.name,
            f"a log that several readers take for theirs ({', '.join(fitting)})",
            "a log of one tool",
            "Name the reader.",
        )
    inside = _logs_in(path, readers)
    if inside:
        named = ", ".join(inside[:_MOST_NAMED]) + (", ..." if len(inside) > _MOST_NAMED else "")
        raise EvidenceError(
            path.name, f"a folder with logs in it ({named})", "one log", "Give them one by one."
        )
    raise EvidenceError(
        path.name,
        "a log that no reader recognises",
        f"a log of {', '.join(readers) or 'a tool that has a reader'}",
        "Give the file or folder that the tool wrote, under the name that it gave.",
    )


def _logs_in(folder: Path, readers: Registry[Reader]) -> list[str]:
    """Return the names of what lies right in a folder and is a log."""
    return sorted(
        entry.name
        for entry in (folder.iterdir() if folder.is_dir() else ())
        if any(readers[name].recognises(entry) for name in readers)
    )


def read_log(path: Path, *, readers: Registry[Reader] = READERS) -> ForeignLog:
    """Read a log of any tool that has a reader.

    Raises:
        EvidenceError: no reader recognises it, several do, or it cannot be used.
    """
    return reader_for(path, readers=readers).read(path)
