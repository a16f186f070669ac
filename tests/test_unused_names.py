"""Every name of the package is used by the package: nothing is kept alive by its tests alone.

A name of a module is used when another module imports it, its own module reads it, or it is read as
an attribute; a member of a class when its class reads it, or an attribute of that name is read or
matched anywhere. Members of public classes are for programs, values of enums are found by value,
and what a class overrides of a foreign one is called from there.
"""

import ast
import enum
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import NamedTuple

import streamsql
from tests.test_style import ROOT, assert_none, parsed

KEPT = {
    ("NodeSupplies", "processor"): "generated code names it",
    ("MessageReader", "decode_key"): "generated code names it",
    ("RunningGroups", "by_key"): "generated code names it",
    ("RunningGroups", "touch_bytes"): "generated code names it",
    ("MessageWriter", "encode_key"): "generated code names it",
    ("MessageWriter", "encode_value"): "generated code names it",
    ("Metrics", "restored"): "tests count what a restore replays",
    ("ParsedStatement", "directives"): "query scripts name their cases with them",
    ("StreamSQL", "Generator"): "sqlglot looks for it by this name",
    ("StreamSQL", "Parser"): "sqlglot looks for it by this name",
    ("StreamSQL", "Tokenizer"): "sqlglot looks for it by this name",
    ("WorkerProcesses", "pids"): "storms kill the real processes",
}
"""Names that the package itself does not read, by class, with the reason why they stay."""


class Definition(NamedTuple):
    """Where a name is given: its module, its class if it has one, the name; then details.

    ``place`` is that of a field in patterns of its class.
    """

    module: str
    owner: str | None
    name: str
    line: int
    place: int | None = None


def unused(modules: Mapping[str, ast.Module]) -> list[Definition]:
    """Return the definitions of names that no module reads."""
    used: set[tuple[str, str | None, str]] = set()
    attributes: set[str] = set()
    matched: set[tuple[str | None, int | None]] = set()
    for module, tree in modules.items():
        for node in ast.walk(tree):
            match node:
                case ast.ImportFrom(module=str(source), names=aliases):
                    used |= {(source, None, alias.name) for alias in aliases}
                case ast.Name(id=name, ctx=ast.Load()):
                    used.add((module, None, name))
                case ast.ClassDef(name=owner):
                    used |= {(module, owner, name) for name in read_in_body(node)}
                case ast.Attribute(attr=name, ctx=ast.Load()):
                    attributes.add(name)
                case ast.MatchClass(cls=ast.Name(id=owner), patterns=patterns, kwd_attrs=names):
                    attributes.update(names)
                    matched |= {(owner, place) for place in range(len(patterns))}
                case _:
                    pass
    return [
        found
        for found in definitions(modules)
        if found.name not in attributes
        and found[:3] not in used
        and (found.owner, found.place) not in matched
    ]


def read_in_body(owner: ast.ClassDef) -> Iterator[str]:
    """Yield the names that a class reads outside its methods: in tables of them, say."""
    for member in owner.body:
        if not isinstance(member, ast.FunctionDef):
            names = (node for node in ast.walk(member) if isinstance(node, ast.Name))
            yield from (name.id for name in names if isinstance(name.ctx, ast.Load))


def definitions(modules: Mapping[str, ast.Module]) -> Iterator[Definition]:
    """Yield the names that modules and classes define."""
    for module, tree in modules.items():
        for statement in tree.body:
            for name in names_of(statement):
                yield Definition(module, None, name, statement.lineno)
            if isinstance(statement, ast.ClassDef):
                yield from _members(module, statement)


def _members(module: str, owner: ast.ClassDef) -> Iterator[Definition]:
    fields = 0
    for member in owner.body:
        is_field = isinstance(member, ast.AnnAssign)
        for name in names_of(member):
            yield Definition(module, owner.name, name, member.lineno, fields if is_field else None)
        fields += is_field


def names_of(statement: ast.stmt) -> list[str]:
    """Return the names that a statement defines; not dunders, nor what a decorator registers."""
    match statement:
        case ast.FunctionDef(name=name, decorator_list=decorators):
            registered = any(".register" in ast.unparse(decorator) for decorator in decorators)
            names = [] if registered else [name]
        case ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
            names = [name]
        case ast.Assign(targets=targets):
            names = [target.id for target in targets if isinstance(target, ast.Name)]
        case _:
            names = []
    return [name for name in names if not name.startswith("__")]


def used_from_outside(found: Definition) -> bool:
    """Tell whether a member is public, a value of an enum, or overrides one of a foreign class."""
    if found.owner is None:
        return False
    owner = getattr(import_module(found.module), found.owner)
    if found.owner in streamsql.__all__ or issubclass(owner, enum.Enum):
        return True
    foreign = (base for base in owner.__mro__ if not base.__module__.startswith("streamsql"))
    return any(hasattr(base, found.name) for base in foreign)


def test_every_name_is_used() -> None:
    paths = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path, _ in parsed()
    }
    found = unused(dict(zip(paths, (tree for _, tree in parsed()), strict=True)))
    kept = {(name.owner, name.name) for name in found} & KEPT.keys()
    assert kept == KEPT.keys(), "entries that are not needed"
    assert_none(
        [
            f"{paths[name.module].relative_to(ROOT)}:{name.line}: {name.name}"
            for name in found
            if (name.owner, name.name) not in kept and not used_from_outside(name)
        ],
        "names that nobody uses, or tests alone: delete them",
    )


def test_what_is_unused_is_found() -> None:
    library = """
LIMIT = 1
SPARE = 2
class Point:
    x: int
    y: int
    z: int
    def move(self): return LIMIT
    def stay(self): ...
    def turn(self): ...
    turns = {"left": turn}
"""
    program = """
from library import Point
match Point(1, 2, 3).move().turns:
    case Point(a, z=b): print(a, b)
"""
    modules = {"library": ast.parse(library), "program": ast.parse(program)}
    assert [found.name for found in unused(modules)] == ["SPARE", "y", "stay"]
