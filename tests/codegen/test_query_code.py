"""The code of every query script: what EXPLAIN CODE prints for its statements.

One golden file a script, made of its cases; ``REWRITE=1`` rewrites them.
"""

import os
from pathlib import Path

import pytest

from streamsql.engine.statements.explain import generated_code
from tests.golden import Block
from tests.queries.scripts import HERE as SCRIPTS
from tests.queries.scripts import Case, Mode, Run, cases

HERE = Path(__file__).parent / "queries"
STEMS = sorted(path.stem for path in SCRIPTS.glob("*.sql"))


@pytest.mark.parametrize("stem", STEMS)
def test_code_of_a_script(stem: str) -> None:
    path = HERE / f"{stem}.golden"
    actual = "\n".join(_block(case) for case in cases() if case.name.startswith(f"{stem}: "))
    if os.environ.get("REWRITE"):
        path.write_text(actual, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == actual, "REWRITE=1 rewrites it"


def test_every_golden_file_is_of_a_script() -> None:
    assert sorted(path.stem for path in HERE.iterdir()) == STEMS


def _block(case: Case) -> str:
    running = Run(case, Mode()).layout.topology
    statements = [s for s in case.statements.split(";\n") if not s.startswith("INSERT INTO")]
    sql = ";\n".join([*statements, ""])
    return Block((f"# {case.name}",), sql.rstrip("\n"), "", 0).render(
        generated_code(running, cached=True).strip("\n")
    )
