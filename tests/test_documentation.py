"""Documentation is code: its names exist, its links lead somewhere, its examples do what it says.

The examples of a page share a directory and an engine; each is a fenced block:

``sql``           carried out, in virtual time on the simulated broker
``sql error``     refused with a StatementError
``sql test``      a test script that passes
``python``        a program that runs, all of a page in one namespace, on an embedded broker
``console``       the lines after ``$`` are commands of ``streamsql``
``… NAME.EXT``    a file of that name in the page's directory, whatever it holds

A ``text`` block that follows at once, or the rest of a ``console`` block, is the output that must
come. ``REWRITE=1`` rewrites outputs, and the pages made of tables.
"""

import contextlib
import io
import os
import pkgutil
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from streamsql.errors import StatementError
from streamsql.shell.rendering.render import renderer
from streamsql.shell.rendering.terminal import Terminal
from streamsql.sql.dialect.parse import parse_script
from streamsql.testing.driver import TestDriver
from streamsql.testing.outcomes import Status
from streamsql.testing.sqltest import read_tests, run_test
from tests.functions_page import functions_page
from tests.settings_page import settings_page

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
NAME = re.compile(r"`(streamsql(?:\.\w+)+(?::\w+(?:\.\w+)*)?)(?<!\.toml)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
BLOCK = re.compile(
    r"^```(?P<info>[\w][^\n]*)\n(?P<body>.*?)^```\n(?P<output>\n?```text\n(?P<said>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)
MADE = {"functions.md": functions_page, "settings.md": settings_page}
"""Pages of the reference that are made from the tables they describe."""
REWRITE = "REWRITE" in os.environ


@dataclass
class Page:
    """The state of a page while its examples are carried out, one after the other."""

    directory: Path
    driver: TestDriver = field(default_factory=TestDriver)
    names: dict[str, Any] = field(default_factory=dict)

    def say(self, info: str, body: str) -> str | None:
        """Carry an example out and return what it says; ``None``: the block is no example."""
        kind, _, detail = info.partition(" ")
        if "." in detail:
            (self.directory / detail).write_text(body)
            return ""
        match kind, detail:
            case "sql", "":
                return self._sql(body)
            case "sql", "error":
                with pytest.raises(StatementError) as caught:
                    self.driver.execute(body)
                return f"{caught.value}\n"
            case "sql", "test":
                return self._test(body)
            case "python", "":
                return self._python(body)
            case _:
                return None

    def _sql(self, script: str) -> str:
        said = io.StringIO()
        table = renderer("table", Terminal(said, io.StringIO()))
        for statement in parse_script(script):  # one by one: each sees what came before
            for result in self.driver.execute(statement.text):
                table.render(result)
        return said.getvalue()

    def _test(self, script: str) -> str:
        path = self.directory / "test.sql"
        path.write_text(script)
        for test in read_tests(path):
            outcome = run_test(test)
            assert outcome.status is Status.PASSED, outcome.reason
        return ""

    def _python(self, program: str) -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.chdir(self.directory):
            exec(compile(program, "<documentation>", "exec"), self.names)
        return said.getvalue()

    def console(self, body: str) -> str:
        """Return the commands of a transcript with the outputs that they have now."""
        lines = []
        for command in re.findall(r"^\$ streamsql (.*)$", body, re.MULTILINE):
            done = subprocess.run(
                [sys.executable, "-m", "streamsql", *shlex.split(command)],
                cwd=self.directory,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            lines.append(f"$ streamsql {command}\n{done.stdout}{_without_times(done.stderr)}")
        return "".join(lines)


def _without_times(text: str) -> str:
    """Leave out what differs from run to run, and that a slow one reports progress."""
    return re.sub(r"^\d+( of \d+)? input records? processed .*\n", "", text, flags=re.MULTILINE)


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    state = Page(tmp_path)
    yield state
    state.driver.close()


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PAGES, ids=_id)
def test_names_exist(path: Path) -> None:
    for name in NAME.findall(path.read_text()):
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError) as error:
            pytest.fail(f"{path.name} mentions {name}: {error}")


@pytest.mark.parametrize("path", PAGES, ids=_id)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


WITH_EXAMPLES = [
    path for path in PAGES if re.search(r"^```(sql|python|console)", path.read_text(), re.MULTILINE)
]


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=_id)
def test_examples_do_what_the_page_says(path: Path, page: Page) -> None:
    text = path.read_text()
    rewritten = BLOCK.sub(lambda match: _carried_out(match, page), text)
    if REWRITE:
        path.write_text(rewritten)
        return
    assert rewritten == text, f"REWRITE=1 rewrites the outputs of {path.name}"


def _carried_out(match: re.Match[str], page: Page) -> str:
    """Return the block with the output that its example has now."""
    info, body, whole = match["info"], match["body"], match[0]
    if info == "console":
        return whole.replace(body, page.console(body))
    try:
        said = page.say(info, body)
    except StatementError as error:
        error.add_note(f"in the example\n{body}")
        raise
    if said is None or match["output"] is None:
        return whole
    return whole[: match.start("said") - match.start()] + _trimmed(said) + "```\n"


def _trimmed(text: str) -> str:
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", MADE)
def test_made_pages_are_as_the_tables(name: str) -> None:
    path = ROOT / "docs/reference" / name
    if REWRITE:
        path.write_text(MADE[name]())
    assert path.read_text() == MADE[name](), "REWRITE=1 rewrites it"


def test_a_decision_has_its_number_alone() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_every_room_has_a_chapter() -> None:
    rooms = sorted(path.parent.name for path in (ROOT / "streamsql").glob("*/__init__.py"))
    chapters = "".join(path.read_text() for path in (ROOT / "docs/tour").glob("*.md"))
    missing = [room for room in rooms if f"`streamsql.{room}" not in chapters]
    assert missing == []


def test_pages_name_no_machine() -> None:
    for path in PAGES:
        found = re.search(r"(?<![\w.])/(work|home|root|tmp)/", path.read_text())
        assert found is None, f"{path.name} names a place on a machine"
