"""The glossary of docs/architecture.md: one word for one thing, defined in one module.

A row gives a word, what it means, and the names that define it, all of one module; a module without
a name stands for every class in it. The rooms and ports that others are written against are in it
whole.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from tests.test_style import ROOT, assert_none, parsed

PAGE = ROOT / "docs/architecture.md"
WHOLE = (
    "streamsql.errors",
    "streamsql.types",
    "streamsql.expr.nodes",
    "streamsql.formats.format",
    "streamsql.topology",
    "streamsql.catalog",
    "streamsql.logical.nodes",
    "streamsql.broker.ports",
    "streamsql.state.storage",
    "streamsql.runtime.keeping.port",
)
"""Rooms and modules whose public classes are all in the glossary."""

TWICE = {
    (
        "streamsql.logical.nodes",
        "streamsql.topology.nodes",
    ): "an operator and what it is lowered to",
    ("streamsql.sql.dialect.nodes.statements", "streamsql.sql.statements"): (
        "a tree and what it is bound to"
    ),
    ("streamsql.expr.nodes", "streamsql.sql.dialect.nodes.functions"): (
        "what a tree is bound to, and the tree"
    ),
    ("streamsql.sql.dialect.nodes.node", "streamsql.topology.nodes"): (
        "what a tree and what a topology is made of"
    ),
    ("streamsql.engine.results", "streamsql.types.record"): "a row as programs see it, and ours",
}
"""Pairs of modules that may define the same names, and why."""


class Entry(NamedTuple):
    """A row of the glossary; ``names`` are ``module:name``, or a module."""

    word: str
    meaning: str
    names: list[str]


def entries() -> Iterator[Entry]:
    """Yield the rows of the table under "Words"."""
    section = PAGE.read_text().split("\n## Words\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("|") and "`streamsql" in line:
            word, meaning, names = (cell.strip() for cell in line.strip("|").split("|"))
            yield Entry(word, meaning, re.findall(r"`(streamsql[\w.:]+)`", names))


def imported() -> set[tuple[str, str]]:
    """Return what modules import from each other, with the modules."""
    return {
        (node.module, alias.name)
        for _, tree in parsed()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }


def public_names() -> Iterator[tuple[str, str]]:
    """Yield the public classes, and the aliases of types that are imported, with their modules."""
    wanted = imported()
    for path, tree in parsed():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for statement in tree.body:
            match statement:
                case ast.ClassDef(name=name):
                    pass
                case (
                    ast.Assign(targets=[ast.Name(id=name)])
                    | ast.AnnAssign(target=ast.Name(id=name))
                ):
                    pass
                case _:
                    continue
            is_class = isinstance(statement, ast.ClassDef)
            if re.match(r"[A-Z]\w*[a-z]", name) and (is_class or (module, name) in wanted):
                yield module, name


def test_words_are_defined_once_in_one_module() -> None:
    known = set(public_names())
    words = [entry.word for entry in entries()]
    assert len(words) == len(set(words))
    for entry in entries():
        assert entry.meaning
        assert len({name.split(":")[0] for name in entry.names}) == 1, entry.word
        for name in entry.names:
            module, _, defined = name.partition(":")
            assert not defined or (module, defined) in known, f"{name} is not defined there"


def test_what_others_are_written_against_is_in_the_glossary() -> None:
    named = {name for entry in entries() for name in entry.names}
    assert_none(
        [
            f"{module}:{name}"
            for module, name in public_names()
            if f"{module}.".startswith(tuple(f"{whole}." for whole in WHOLE))
            and not {module, f"{module}:{name}"} & named
        ],
        "classes that are not in the glossary of docs/architecture.md",
    )


def test_a_name_means_one_thing() -> None:
    modules = defaultdict(list)
    for module, name in public_names():
        modules[name].append(module)
    several = {name: tuple(found) for name, found in modules.items() if len(found) > 1}
    assert TWICE.keys() <= set(several.values()), "pairs that are not needed"
    assert_none(
        [f"{name}: {', '.join(found)}" for name, found in several.items() if found not in TWICE],
        "names of more than one thing",
    )
