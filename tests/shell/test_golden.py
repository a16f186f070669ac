"""Golden prompt scripts: what is typed, and what is shown. Each file begins with nothing."""

from pathlib import Path

import pytest

from tests import golden
from tests.shell.rig import open_prompt

SCRIPTS = Path(__file__).parent / "scripts"


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_golden(path: Path) -> None:
    with open_prompt() as prompt:
        golden.check(path, prompt.type)
