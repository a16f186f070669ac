"""What the program imports before it is asked to do anything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import streamsql

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("confluent_kafka", "duckdb", "msgspec", "prompt_toolkit", "rocksdict", "sqlglot")


def imported(*arguments: str) -> set[str]:
    """The modules that the program has imported when it ends."""
    code = (
        "import sys\n"
        "from streamsql.__main__ import main\n"
        f"sys.argv[1:] = {list(arguments)!r}\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print('MODULES', *sys.modules)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    (line,) = [line for line in run.stdout.splitlines() if line.startswith("MODULES")]
    return set(line.split())


def test_help_imports_nothing_heavy() -> None:
    assert not imported("--help") & {*HEAVY, "logging", "streamsql.engine"}


def test_run_imports_neither_the_prompt_nor_the_tests(tmp_path: Path) -> None:
    script = tmp_path / "empty.sql"
    script.write_text("SHOW STREAMS;")
    found = imported("run", str(script), "--directory", str(tmp_path / "broker"), "--until-end")

    assert "streamsql.engine.program_run" in found
    assert not found & {"prompt_toolkit", "duckdb", "streamsql.testing", "confluent_kafka"}


def test_looking_imports_no_machine(tmp_path: Path) -> None:
    found = imported("-e", "SHOW TABLES;", "--directory", str(tmp_path / "broker"))

    machine = {"streamsql.runtime.worker", "streamsql.runtime.build", "streamsql.codegen.generate"}
    assert "streamsql.engine.engine" in found
    assert not found & {*machine, "prompt_toolkit", "confluent_kafka", "streamsql.testing"}


def test_public_names_are_where_the_stub_says() -> None:
    """Type checkers read the stub, programs run the module: both must know the same."""
    stub = ast.parse((ROOT / "streamsql" / "__init__.pyi").read_text())
    homes = {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert homes == {name: f"streamsql.{home}" for name, home in vars(streamsql)["_HOMES"].items()}
    (names,) = [node.value for node in stub.body if isinstance(node, ast.Assign)]
    assert ast.literal_eval(names) == streamsql.__all__


@pytest.mark.parametrize("first", ["connect", "plan", "StreamsBuilder"])
def test_the_function_plan_is_not_the_room(first: str) -> None:
    code = f"import streamsql; streamsql.{first}; print(callable(streamsql.plan))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert run.stdout.strip() == "True"
