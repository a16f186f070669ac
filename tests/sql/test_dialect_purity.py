"""A compiled sqlglot is refused with an explanation."""

import pytest
from sqlglot import parser

from streamsql.errors import EngineError
from streamsql.sql.dialect.purity import require_pure_python


def test_pure_python_is_accepted() -> None:
    require_pure_python()


def test_compiled_build_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "__file__", "/x/sqlglot/parser.cpython-311-x86_64-linux-gnu.so")
    with pytest.raises(EngineError, match="pip uninstall sqlglotc"):
        require_pure_python()
