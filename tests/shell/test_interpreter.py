"""The interpreter of the prompt, where a golden script cannot say it."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.engine import Engine
from streamsql.engine.results import Result, ResultKind
from streamsql.shell.stopping import stopping
from tests.shell.rig import Prompt, open_prompt

CLICKS = """CREATE STREAM clicks (usr STRING KEY, page STRING)
    WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 1);"""


@pytest.fixture
def prompt() -> Iterator[Prompt]:
    with open_prompt() as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("", True),
        ("  \n", True),
        ("SELECT 1", False),
        ("SELECT 1;", True),
        ("SELECT 1; -- more", True),
        ("SELECT ';", False),
        ("exit", True),
        ("EXIT ;", True),
        ("help output", True),
        ("exit\nSELECT 1", False),
        ("output", True),
        ("run script 'a b.sql'", True),
        ("run script 'a", False),
        ("run it", False),
        ("exit now", False),
        ("output\njson", False),
    ],
)
def test_when_a_text_is_done(prompt: Prompt, text: str, done: bool) -> None:
    assert prompt.interpreter.is_done(text) == done


@pytest.mark.parametrize("text", ["exit", "quit", "Quit;"])
def test_leaving(prompt: Prompt, text: str) -> None:
    prompt.type("help")
    assert prompt.goes_on
    prompt.type(text)
    assert not prompt.goes_on


def test_ctrl_c_stops_a_push_query_and_not_the_prompt(prompt: Prompt) -> None:
    prompt.type(CLICKS)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    shown = prompt.type("SELECT * FROM clicks EMIT CHANGES; SHOW STREAMS;")
    timer.join()
    assert shown.endswith("(0 rows)\nquery stopped\n")
    assert "CLICKS" not in shown
    assert prompt.goes_on
    assert "CLICKS" in prompt.type("SHOW STREAMS;")


def test_the_second_ctrl_c_does_not_wait_for_a_row() -> None:
    def rows() -> Iterator[tuple[int]]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        yield (1,)

    result = Result(ResultKind.ROWS, rows=rows())
    with pytest.raises(KeyboardInterrupt), stopping(result):
        result.fetchall()


def test_ctrl_c_means_what_it_meant_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopping(Result(ResultKind.ROWS)) as pressed:
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert not pressed.is_set()


def test_names_are_proposed_as_soon_as_they_exist(prompt: Prompt) -> None:
    assert prompt.interpreter.vocabulary().sources == {}
    prompt.type(CLICKS)
    words = prompt.interpreter.vocabulary()
    assert words.sources == {"CLICKS": ["USR", "PAGE"]}
    assert words.topics == ("clicks",)
    assert "COUNT" in words.functions
    assert "exit" in words.commands


def test_names_of_other_applications_are_proposed(prompt: Prompt) -> None:
    assert prompt.interpreter.vocabulary().applications == {}
    with Engine(prompt.engine.broker, EngineConfig({"ksql.service.id": "shop"})) as other:
        other.execute(
            "CREATE STREAM taps (id INT KEY, page STRING)"
            " WITH (KAFKA_TOPIC = 'taps', VALUE_FORMAT = 'JSON', PARTITIONS = 1);"
        )
    prompt.type("SHOW TYPES;")
    assert prompt.interpreter.vocabulary().applications == {"shop": {"TAPS": ["ID", "PAGE"]}}


def test_a_script_is_run(prompt: Prompt, tmp_path: Path) -> None:
    path = tmp_path / "it's.sql"
    path.write_text(CLICKS + "SHOW STREAMS;", encoding="utf-8")
    quoted = str(path).replace("'", "''")
    shown = prompt.type(f"run script '{quoted}'")
    assert shown.startswith('stream "CLICKS" created\n')
    assert " CLICKS |" in shown
