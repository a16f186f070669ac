"""Golden parse scripts: the printed tree and the printed text, or the rendered error."""

from pathlib import Path

import pytest
from sqlglot import exp

from streamsql.errors import StatementError
from streamsql.sql.dialect.parse import parse_script
from tests import golden
from tests.sql.dialect_corpus import SCRIPTS


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    golden.check(path, {"errors": _errors, "trees": _trees}.get(path.stem, _printed))


def _printed(text: str) -> str:
    return "\n".join(
        statement.node.sql(dialect="streamsql") + ";" for statement in parse_script(text)
    )


def _trees(text: str) -> str:
    (statement,) = parse_script(text)
    assert isinstance(statement.node, exp.Select)
    return "\n".join(_tree(item) for item in statement.node.expressions)


def _tree(node: exp.Expr) -> str:
    parts = [_tree(child) for child in node.iter_expressions()]
    if isinstance(node, (exp.Column, exp.Literal, exp.Identifier, exp.DataType, exp.Var)):
        return node.sql(dialect="streamsql")
    written = [name for name in (node.args.get("this"),) if isinstance(name, str)]
    negated = ["negated"] if node.args.get("negate") else []
    return f"({' '.join([type(node).__name__, *written, *negated, *parts])})"


def _errors(text: str) -> str:
    try:
        return _printed(text)
    except StatementError as error:
        return str(error)
