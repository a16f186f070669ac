"""Whatever the text: binding it gives a result or a StatementError with a place, nothing else."""

import random
import re

import pytest

from streamsql.catalog.catalog import Catalog
from streamsql.errors import StatementError
from streamsql.sql.compile import bind
from streamsql.sql.dialect.parse import parse_script
from tests.sql.bind_qtt import Case, cases, catalog

ROUNDS = 4

_TOKEN = re.compile(r"\w+|'[^']*'|`[^`]*`|\s+|.", re.DOTALL)
_SPARE = (
    "NULL",
    "0",
    "-1",
    "1",
    "1.5",
    "1e3",
    "'x'",
    "'10'",
    "'2020'",
    "TRUE",
    "ID",
    "K",
    "V0",
    "F0",
    "ROWTIME",
    "ROWOFFSET",
    "WINDOWSTART",
    "ROWKEY",
    "*",
    "COUNT(*)",
    "SUM(1)",
    "EXPLODE(ARRAY[1])",
    "ABS(-1)",
    "MAP('a':=1)",
    "STRUCT(a:=1)",
    "ARRAY[1]",
    "CAST(1AS",
    "STRING)",
    "UNKNOWN",
    "INT",
    "STRING",
    "DECIMAL(4,2)",
    "MAP<STRING,INT>",
    "LEFT",
    "JSON",
    "'DELIMITED'",
    "'AVRO'",
    "STREAM",
    "TABLE",
    "x=>x",
    "->",
    ".",
    "[1]",
    "AS",
    "CASE",
    "KEY",
    "PRIMARY",
    "ARRAY[NULL]",
    "GROUP",
    "BY",
    "PARTITION",
)


@pytest.fixture(scope="module")
def empty() -> Catalog:
    return catalog()


@pytest.mark.slow
def test_mutations_raise_only_statement_errors(empty: Catalog, seed: int) -> None:
    generator = random.Random(seed)
    tried = bound = 0
    for case in cases():
        for _ in range(ROUNDS):
            script = _mutated(case, generator)
            tried += 1
            bound += _bind(script, empty)
    print(f"{tried} scripts, of which {bound} bind")
    assert tried > 4000


def _bind(script: str, known: Catalog) -> bool:
    try:
        for parsed in parse_script(script):
            _, known = bind(parsed, known, {})
    except StatementError as error:
        return _is_worded(error)
    except Exception as error:
        error.add_note(f"script:\n{script}")
        raise
    return True


def _is_worded(error: StatementError) -> bool:
    """Check the form of the message; the statement does not bind."""
    first = error.message.split()[0]
    assert first[0].islower() or not first[0].isalpha() or first.isupper() or "<" in first, error
    assert not error.message.endswith("."), error
    assert error.span is not None, error
    return False


def _mutated(case: Case, generator: random.Random) -> str:
    """Change one to three tokens of the last statements: drop, double, swap or replace them."""
    words = _TOKEN.findall(case.script)
    solid = [position for position, word in enumerate(words) if not word.isspace()]
    for _ in range(generator.randint(1, 3)):
        position = generator.choice(solid)
        match generator.randrange(4):
            case 0:
                words[position] = ""
            case 1:
                words[position] = f"{words[position]} {words[position]}"
            case 2:
                other = generator.choice(solid)
                words[position], words[other] = words[other], words[position]
            case _:
                words[position] = generator.choice(_SPARE)
    return "".join(words)
