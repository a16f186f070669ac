"""The golden runner itself."""

from pathlib import Path

import pytest

from tests import golden

FILE = """# Doubles.
one
---
oneone

two

lines
---
---
two

linestwo

lines
---
---

nothing
---
"""


def _run(text: str) -> str:
    return "" if text == "nothing" else text * 2


def test_reads_what_it_renders(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(FILE)
    golden.check(path, _run)
    assert [block.input for block in golden.read(FILE)] == ["one", "two\n\nlines", "nothing"]


def test_shows_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REWRITE", raising=False)
    path = tmp_path / "a.txt"
    path.write_text(FILE.replace("oneone", "other"))
    with pytest.raises(AssertionError, match=r"-other\n\+oneone"):
        golden.check(path, _run)


def test_rewrites_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWRITE", "1")
    path = tmp_path / "a.txt"
    path.write_text(FILE.replace("oneone", "other"))
    golden.check(path, _run)
    assert path.read_text() == FILE
