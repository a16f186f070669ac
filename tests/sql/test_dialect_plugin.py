"""The language as a sqlglot dialect: what the rest of sqlglot does with our trees."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialects
from sqlglot.errors import UnsupportedError
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

from streamsql.sql.dialect.dialect import StreamSQL

OTHERS = sorted(dialect.value for dialect in Dialects if dialect.value)
SCHEMA: dict[str, object] = {"CLICKS": {"ID": "INT", "PAGE": "TEXT", "N": "BIGINT"}}


def test_parses_to_sqlglots_own_classes() -> None:
    tree = sqlglot.parse_one(
        "SELECT page, COUNT(*) AS n FROM clicks GROUP BY page", dialect=StreamSQL
    )
    assert type(tree) is exp.Select
    assert tree.find(exp.Count) is not None


def test_names_are_qualified() -> None:
    tree = sqlglot.parse_one("SELECT *, n + 1 FROM clicks WHERE id IN (1, 2)", dialect=StreamSQL)
    qualified = qualify(tree, schema=SCHEMA, dialect=StreamSQL, quote_identifiers=False)
    assert isinstance(qualified, exp.Select)
    assert [item.alias for item in qualified.selects][:3] == ["ID", "PAGE", "N"]


def test_lineage_finds_the_source() -> None:
    text = "SELECT total FROM (SELECT SUM(n) AS total FROM clicks GROUP BY page) AS q"
    found = lineage("TOTAL", text, schema=SCHEMA, dialect=StreamSQL)
    assert any(node.name.upper().endswith("CLICKS.N") for node in found.walk())


def test_an_element_is_the_same_one_elsewhere() -> None:
    text = "SELECT tags[1], who->name, CAST(n AS STRING) FROM clicks"
    (duckdb,) = sqlglot.transpile(text, read=StreamSQL, write="duckdb")
    assert duckdb == "SELECT TAGS[1], WHO.NAME, CAST(N AS TEXT) FROM CLICKS"


@pytest.mark.parametrize("dialect", OTHERS)
@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("SELECT a FROM s EMIT CHANGES", "EMIT"),
        ("SELECT COUNT(*) FROM s WINDOW TUMBLING (SIZE 1 HOUR) GROUP BY a", "WINDOW TUMBLING"),
        ("SELECT a FROM s PARTITION BY b", "PARTITION BY"),
        ("SELECT a FROM s JOIN r WITHIN 1 HOUR ON s.a = r.a", "WITHIN"),
        ("SHOW STREAMS", "SHOW"),
        ("CREATE STREAM s (a INT) WITH (kafka_topic='t', value_format='json')", "WITH"),
        ("CREATE TABLE t WITH (partitions=3) AS SELECT a FROM s", "WITH"),
        ("INSERT INTO s WITH (query_id='q') SELECT a FROM r", "WITH"),
    ],
)
def test_nothing_is_dropped_in_silence(text: str, clause: str, dialect: str) -> None:
    with pytest.raises(UnsupportedError, match=clause):
        sqlglot.transpile(text, read=StreamSQL, write=dialect)


def test_the_plugin_is_found_by_name(tmp_path: Path) -> None:
    """A fresh process, in which only the entry points of pyproject.toml are installed."""
    root = Path(__file__).parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, target),) = project["entry-points"]["sqlglot.dialects"].items()
    installed = tmp_path / "streamsql-0.0.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: streamsql\nVersion: 0.0.0\n")
    (installed / "entry_points.txt").write_text(f"[sqlglot.dialects]\n{name} = {target}\n")
    program = "import sqlglot; print(sqlglot.parse_one('select a->b from c', dialect='streamsql'))"
    outcome = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stdout.strip() == "SELECT A.B FROM C", outcome.stderr
