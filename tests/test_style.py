"""House style that a machine can check (docs/style.md has the rest).

Each test collects every offence and prints them all, one per line, ready to be jumped to.
"""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "streamsql"

MODULE_LINES = 400
FUNCTION_LINES = 50
PUBLIC_METHODS = 15
FORBIDDEN_WORDS = frozenset(
    {"manager", "helper", "utils", "common", "internal", "base", "data", "info"}
)
TOP_LEVEL = frozenset(
    {"pyproject.toml", "README.md", "LICENSE", "streamsql", "grammar", "tests", "examples", "docs"}
)
SOURCES = ("streamsql", "tests", "examples")  # and no virtual environment, whatever its name
TIMEOUT_SECONDS = 600

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules() -> list[Path]:
    """Every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


@cache
def parsed() -> Sequence[tuple[Path, ast.Module]]:
    """Every module of the package with its syntax tree."""
    return [(path, ast.parse(path.read_text(encoding="utf-8"), str(path))) for path in modules()]


def nodes_of(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of a kind in the package."""
    for path, tree in parsed():
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, kind))


def place(path: Path, node: ast.AST | None = None) -> str:
    """A place in the repository as an editor understands it."""
    line = getattr(node, "lineno", 1)
    return f"{path.relative_to(ROOT)}:{line}"


def assert_none(offences: Sequence[str], rule: str) -> None:
    """Fail with the whole list when there is any offence."""
    if offences:
        pytest.fail(f"{rule} ({len(offences)}):\n" + "\n".join(offences), pytrace=False)


def run(tool: str, *arguments: str) -> None:
    """Run a tool installed beside the tests' Python; what it prints is the message."""
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    outcome = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    if outcome.returncode != 0:
        pytest.fail(
            f"{' '.join((tool, *arguments))}\n{outcome.stdout}{outcome.stderr}", pytrace=False
        )


def test_formatted() -> None:
    run("ruff", "format", "--check", *SOURCES)


def test_linted() -> None:
    run("ruff", "check", *SOURCES)


@pytest.mark.slow
def test_typed() -> None:
    run("mypy")


@pytest.mark.slow
def test_arrows_between_rooms() -> None:
    run("lint-imports")


def test_modules_are_short() -> None:
    sizes = [(path, len(path.read_text(encoding="utf-8").splitlines())) for path in modules()]
    assert_none(
        [f"{place(path)}: {size} lines" for path, size in sizes if size > MODULE_LINES],
        f"modules of more than {MODULE_LINES} lines: split them by idea",
    )


def test_functions_are_short() -> None:
    offences = []
    for path, node in nodes_of((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, Function)
        size = (node.end_lineno or node.lineno) - node.lineno + 1
        if size > FUNCTION_LINES:
            offences.append(f"{place(path, node)}: {node.name} has {size} lines")
    assert_none(offences, f"functions of more than {FUNCTION_LINES} lines")


def test_classes_are_small() -> None:
    offences = []
    for path, node in nodes_of(ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        public = [
            each.name
            for each in node.body
            if isinstance(each, Function)
            and not each.name.startswith("_")
            and not each.decorator_list  # a property is not a method
        ]
        if len(public) > PUBLIC_METHODS:
            offences.append(f"{place(path, node)}: {node.name} has {len(public)}")
    assert_none(offences, f"classes of more than {PUBLIC_METHODS} public methods")


def test_every_module_says_what_it_is() -> None:
    assert_none(
        [place(path) for path, tree in parsed() if not ast.get_docstring(tree)],
        "modules without a docstring",
    )


def test_rooms_hold_no_code() -> None:
    offences = [
        f"{place(path, node)}: code in a room's __init__"
        for path, tree in parsed()
        if path.name == "__init__.py" and path.parent != PACKAGE
        for node in tree.body[1:]
    ]
    assert_none(offences, "a room's __init__.py is its docstring and nothing else")


def test_every_package_is_a_room() -> None:
    folders = {path.parent for path in modules()}
    assert_none(
        [place(folder) for folder in sorted(folders) if not (folder / "__init__.py").exists()],
        "folders of modules without an __init__.py",
    )


def test_no_imports_for_the_type_checker_only() -> None:
    assert_none(
        [
            place(path, node)
            for path, node in nodes_of(ast.Name)
            if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"
        ],
        "TYPE_CHECKING: a name is in the wrong room",
    )


def test_names_say_something() -> None:
    offences = [
        f"{place(path)}: module {path.stem}" for path in modules() if vague(path.stem, snake_words)
    ]
    for path, node in nodes_of(ast.ClassDef):
        assert isinstance(node, ast.ClassDef)
        if vague(node.name, camel_words):
            offences.append(f"{place(path, node)}: class {node.name}")
    assert_none(offences, f"names with one of the words {', '.join(sorted(FORBIDDEN_WORDS))}")


def vague(name: str, words: Callable[[str], list[str]]) -> bool:
    """Whether a name contains a word that says nothing."""
    return any(word.lower() in FORBIDDEN_WORDS for word in words(name))


def snake_words(name: str) -> list[str]:
    return name.split("_")


def camel_words(name: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)


def test_vague_names_are_found() -> None:
    assert vague("state_utils", snake_words)
    assert vague("TaskManager", camel_words)
    assert vague("JSONData", camel_words)
    assert not vague("Database", camel_words)


def test_public_names_are_sorted() -> None:
    """``__all__`` of the package: sorted, without repetition, and every name is there."""
    package = importlib.import_module("streamsql")
    names: list[str] = package.__all__

    assert names == sorted(set(names))
    missing = [name for name in names if not hasattr(package, name)]
    assert_none(missing, "names in __all__ that the package does not have")


def test_top_level_is_tidy() -> None:
    listed = subprocess.run(
        ["git", "ls-files"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    names = {line.split("/", 1)[0] for line in listed.stdout.splitlines()}
    assert_none(
        sorted(name for name in names - TOP_LEVEL if not name.startswith(".")),
        "files and folders that do not belong at the top level",
    )
