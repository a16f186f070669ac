"""The code of every query script: what EXPLAIN CODE prints for its statements.

One golden file a script, made of its cases; ``REWRITE=1`` rewrites them.
"""

import builtins
import dis
import os
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from streamsql.codegen.generate import generate
from streamsql.engine.statements.explain import generated_code
from streamsql.topology.caching import cacheable
from streamsql.topology.topology import cut
from tests.golden import Block
from tests.queries.scripts import HERE as SCRIPTS
from tests.queries.scripts import Case, Mode, Run, cases

HERE = Path(__file__).parent / "queries"
CASES = list(cases())
STEMS = sorted(path.stem for path in SCRIPTS.glob("*.sql"))


@pytest.mark.parametrize("stem", STEMS)
def test_code_of_a_script(stem: str) -> None:
    path = HERE / f"{stem}.golden"
    actual = "\n".join(_block(case) for case in CASES if case.name.startswith(f"{stem}: "))
    if os.environ.get("REWRITE"):
        path.write_text(actual, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == actual, "REWRITE=1 rewrites it"


def test_every_golden_file_is_of_a_script() -> None:
    assert sorted(path.stem for path in HERE.iterdir()) == STEMS


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_legend_is_of_the_globals_that_are_used(case: Case) -> None:
    topology = Run(case, Mode()).layout.topology
    for part in cut(topology):
        for source in generate(topology, part, cached=cacheable(topology)).in_order():
            lines = source.text.splitlines()
            legend = {line.split()[1] for line in lines if line.startswith("# ")}
            assert legend == source.values.keys() | source.supplied.keys()
            defined = {line[4:].split("(")[0] for line in lines if line.startswith("def ")}
            used = set(_globals(compile(source.text, source.name, "exec")))
            assert used - defined - set(dir(builtins)) == legend


def _globals(code: CodeType) -> Iterator[str]:
    """Yield the names of globals that functions of the code read."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "LOAD_GLOBAL":
            yield instruction.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals(constant)


def _block(case: Case) -> str:
    running = Run(case, Mode()).layout.topology
    statements = [s for s in case.statements.split(";\n") if not s.startswith("INSERT INTO")]
    sql = ";\n".join([*statements, ""])
    return Block((f"# {case.name}",), sql.rstrip("\n"), "", 0).render(
        generated_code(running, cached=True).strip("\n")
    )
