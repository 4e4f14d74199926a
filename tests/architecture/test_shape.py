# SPDX-License-Identifier: Apache-2.0
"""The shape of the code: sizes, depth, first lines, and who may import whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tiergate"
MODULES = sorted(SOURCE.rglob("*.py"))
WRITTEN = [
    path
    for folder in ("src", "tests", "benchmarks", "examples", "docs")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "_build" not in path.parts
]
SPDX = "SPDX-License-Identifier: Apache-2.0"

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
DEEPEST = 4


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_module_is_short_enough_to_read_in_one_go(path: Path) -> None:
    assert LONGEST_MODULE >= len(path.read_text(encoding="utf-8").splitlines())


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count lines from the name to the end, options of the command line left out."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = _functions(ast.parse(path.read_text(encoding="utf-8")))

    assert [] == [f"{f.name}: {_length(f)}" for f in functions if _length(f) > LONGEST_FUNCTION]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_no_module_lies_deeper_than_the_attacks(path: Path) -> None:
    assert DEEPEST >= len(path.relative_to(SOURCE).parts)


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", WRITTEN, ids=_name)
def test_every_file_begins_with_its_licence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]

    assert f"# {SPDX}" == first


def test_the_program_offers_its_version_and_nothing_by_accident() -> None:
    import tiergate

    defined = {node.id for node in _assigned(SOURCE / "__init__.py")}

    assert {"__version__"} == defined
    assert re.fullmatch(r"\d+\.\d+\.\d+", tiergate.__version__)


def _assigned(path: Path) -> Iterator[ast.Name]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign | ast.Import | ast.ImportFrom):
            targets = node.targets if isinstance(node, ast.Assign) else node.names
            for target in targets:
                yield target if isinstance(target, ast.Name) else ast.Name(id=ast.unparse(target))


def test_the_version_is_that_of_the_package() -> None:
    import tomllib

    import tiergate

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["version"] == tiergate.__version__


def test_imports_keep_their_contracts() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert 0 == done.returncode, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("heavy", ["torch", "transformers", "numpy", "scipy", "pydantic"])
def test_asking_for_help_loads_nothing_heavy(heavy: str) -> None:
    code = (
        "import sys, tiergate.cli.main as m\n"
        "try: m.cli.main(['--help'], standalone_mode=True)\n"
        f"except SystemExit: sys.exit(3 if {heavy!r} in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert 0 == done.returncode
