"""The program, run as a person runs it: every command, and everything that can be in its way."""

import json
import re
import resource
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from streamsql.topology.naming import DECLARATIONS
from tests.shell.place import (
    TIMEOUT_SECONDS,
    Place,
    command,
    environment,
    one_clear_line,
    read_line,
    succeeded,
    without_progress,
)

pytestmark = pytest.mark.slow

CLICKS = """
    CREATE STREAM clicks (usr STRING KEY, page STRING, ms BIGINT)
    WITH (KAFKA_TOPIC = 'clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
"""
COUNTS = "CREATE TABLE counts AS SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr EMIT CHANGES;"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_execute(place: Place) -> None:
    text = CLICKS + "INSERT INTO clicks (usr, page) VALUES ('ada', '/');" + COUNTS
    succeeded(place.run("-e", text))
    found = place.run("-e", "SELECT * FROM counts;", "--output", "json")
    assert succeeded(found) == '{"USR":"ada","N":1}\n'
    assert found.stderr == ""


def test_statements_on_standard_input(place: Place) -> None:
    assert succeeded(place.run(stdin=CLICKS)) == 'stream "CLICKS" created\n'
    assert succeeded(place.run("--output", "csv", stdin="DESCRIBE clicks;")) == (
        "COLUMN,TYPE,ROLE\nUSR,STRING,KEY\nPAGE,STRING,\nMS,BIGINT,\n"
    )


def test_variables_and_settings(place: Place) -> None:
    options = ("-D", "page='/it''s'", "--set", "auto.offset.reset=earliest")
    insert = "INSERT INTO clicks (usr, page) VALUES ('ada', ${page});"
    push = "SELECT page FROM clicks EMIT CHANGES LIMIT 1;"
    run = place.run("-e", CLICKS + insert + push, "--output", "json", *options)
    assert succeeded(run) == '{"PAGE":"/it\'s"}\n'


def test_run_goes_on_where_it_ended(place: Place) -> None:
    script = place.write("counts.sql", f"{CLICKS}{COUNTS}\nSELECT * FROM counts;")
    place.write("a.jsonl", '{"usr":"ada","ms":1}\n{"usr":"ada","ms":2}\n')
    arguments = ("run", script, "--until-end", "--output", "csv")
    loading = ("load", "clicks", "a.jsonl", "--key", "usr", "--partitions", "2")
    assert succeeded(place.run(*loading)) == '2 records loaded into topic "clicks"\n'
    assert succeeded(place.run(*arguments)) == "USR,N\nada,2\n"
    again = place.run(*arguments)
    assert succeeded(again) == "USR,N\nada,2\n"
    assert "2 input records processed in" in again.stderr
    succeeded(place.run(*loading))
    assert succeeded(place.run(*arguments)) == "USR,N\nada,4\n"


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["ctrl-c", "sigterm"]
)
def test_a_run_without_an_end_is_told_to_stop(
    place: Place, number: signal.Signals, status: int
) -> None:
    push = "SET 'auto.offset.reset' = 'earliest'; SELECT usr FROM clicks EMIT CHANGES;"
    script = place.write("s.sql", CLICKS + COUNTS + push)
    place.write("a.csv", "usr\nada\n")
    with place.running("run", script, "--output", "csv") as process:
        assert read_line(process) == "USR\n"
        succeeded(place.run("load", "clicks", "a.csv", "--key", "usr"))
        assert read_line(process) == "ada\n"
        process.send_signal(number)
        _, error = process.communicate(timeout=TIMEOUT_SECONDS)
        assert (process.returncode, without_progress(error)) == (status, "")


def test_a_push_query_is_stopped(place: Place) -> None:
    succeeded(place.run("-e", CLICKS))
    push = "SELECT * FROM clicks EMIT CHANGES;"
    with place.running("-e", push, "--output", "csv") as process:
        assert read_line(process) == "USR,PAGE,MS\n"
        process.send_signal(signal.SIGINT)
        output, error = process.communicate(timeout=TIMEOUT_SECONDS)
        assert (process.returncode, output, error) == (130, "", "")


def test_explain(place: Place) -> None:
    script = place.write("s.sql", CLICKS + COUNTS + "SELECT * FROM counts;")
    shown = succeeded(place.run("explain", script))
    for part in ("Query CTAS_COUNTS_0", "Plan:", "Topology:", "(2 partitions", "Pull query"):
        assert part in shown
    assert "Code:" not in shown
    code = succeeded(place.run("explain", script, "--step", "code", "--step", "optimized"))
    assert "def " in code
    assert "Optimized plan:" in code
    assert "Topology:" not in code
    assert not (place.path / ".streamsql").exists()


def test_explain_names_the_topics_that_run_creates(place: Place) -> None:
    pages = "CREATE TABLE pages AS SELECT page, COUNT(*) AS n FROM clicks GROUP BY page;"
    script = place.write("s.sql", CLICKS + COUNTS + pages)
    shown = succeeded(place.run("explain", script, "--step", "topology", "--application", "app"))
    promised = re.findall(r"^ +(\S+) \((\d) partitions", shown, re.MULTILINE)
    succeeded(place.run("run", script, "--until-end", "--application", "app"))
    listed = succeeded(place.run("-e", "SHOW TOPICS EXTENDED;", "--output", "json"))
    topics = [json.loads(line) for line in listed.splitlines()]
    created = {(topic["TOPIC"], str(topic["PARTITIONS"])) for topic in topics}
    assert created - {("clicks", "2"), (DECLARATIONS, "1")} == set(promised)
    assert any(name.startswith("app-") for name, _ in promised)


def test_test(place: Place) -> None:
    script = f"""
        --@test: counts
        {CLICKS} {COUNTS}
        INSERT INTO clicks (usr) VALUES ('ada');
        ASSERT VALUES counts (usr, n) VALUES ('ada', 1);
    """
    good = place.write("good.sql", script)
    bad = place.write("bad.sql", script.replace("('ada', 1)", "('ada', 2)"))
    passed = place.run("test", good, "--report", "report.json")
    assert succeeded(passed).splitlines()[-1] == "1 passed, 0 failed, 0 skipped"
    assert json.loads((place.path / "report.json").read_text())
    failed = place.run("test", good, bad)
    assert failed.returncode == 1
    assert failed.stdout.splitlines()[-1] == "1 passed, 1 failed, 0 skipped"


def test_load_csv(place: Place) -> None:
    place.write("c.csv", "usr,page,ms,when\nada,/,7,2013-01-01T06:00:00\nbob,,,1970-01-01\n")
    loading = ("load", "clicks", "c.csv", "--key", "usr", "--timestamp", "when")
    succeeded(place.run(*loading, "--partitions", "2"))
    select = "SELECT usr, page, ms, ROWTIME AS t FROM clicks;"
    found = succeeded(place.run("-e", CLICKS + select, "--output", "json")).splitlines()
    assert sorted(map(json.loads, found), key=str) == [
        {"USR": "ada", "PAGE": "/", "MS": 7, "T": 1357020000000},
        {"USR": "bob", "PAGE": None, "MS": None, "T": 0},
    ]


def test_load_while_another_process_owns_the_broker(place: Place) -> None:
    succeeded(place.run("-e", CLICKS))
    place.write("a.jsonl", '{"usr":"ada"}\n')
    push = "SELECT usr FROM clicks EMIT CHANGES;"
    with place.running("-e", push, "--output", "csv") as process:
        assert read_line(process) == "USR\n"
        loading = ("load", "clicks", "a.jsonl", "--key", "usr")
        assert succeeded(place.run(*loading)) == '1 records loaded into topic "clicks"\n'
        assert read_line(process) == "ada\n"
        other = one_clear_line(place.run("load", "others", "a.jsonl"))
        assert 'topic "others" does not exist' in other
        many = one_clear_line(place.run(*loading, "--partitions", "3"))
        assert many == 'Error: topic "clicks" has 2 partitions, not 3'


def test_nothing_is_loaded_when_a_line_is_bad(place: Place) -> None:
    place.write("bad.jsonl", '{"usr":"ada"}\nnothing\n{"usr":"bob"}\n')
    loading = ("load", "clicks", "bad.jsonl", "--key", "usr")
    assert one_clear_line(place.run(*loading)).startswith("Error: line 2: not a JSON object")
    assert not (place.path / ".streamsql").exists()
    skipping = place.run(*loading, "--skip-bad-lines")
    assert succeeded(skipping) == '2 records loaded into topic "clicks" (1 bad lines left out)\n'
    assert skipping.stderr.startswith("line 2 left out: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("load", "t", "none.jsonl"), 'cannot read "none.jsonl": No such file or directory'),
        (("load", "t", "a.jsonl", "--key", "no"), 'no line has key column "no"'),
        (("load", "t", "a.jsonl", "--timestamp", "usr"), "line 1: 'ada' in timestamp column"),
        (("load", "t", "a.jsonl", "--key", "n"), "--key-type"),
        (("load", "t", "a.jsonl", "--types", "n=STRING"), "--types is for CSV files"),
        (("run", "none.sql", "--until-end"), 'cannot read "none.sql"'),
        (("run", "missing.sql", "--until-end"), 'topic "nowhere" of stream "S" does not exist'),
        (("run", "missing.sql", "--set", "commit.interval=1"), "did you mean"),
        (("test", "nowhere"), "nowhere"),
    ],
)
def test_what_an_operator_must_mend(place: Place, arguments: tuple[str, ...], message: str) -> None:
    place.write("a.jsonl", '{"usr":"ada","n":1}\n')
    missing = "CREATE STREAM s (a INT) WITH (KAFKA_TOPIC = 'nowhere', VALUE_FORMAT = 'JSON');"
    place.write("missing.sql", missing)
    assert message.lower() in one_clear_line(place.run(*arguments)).lower()


@pytest.mark.parametrize(
    "arguments", [("-e", "SELECT pge FROM clicks;"), ("run", "wrong.sql"), ("explain", "wrong.sql")]
)
def test_a_wrong_statement_is_shown_with_its_place(
    place: Place, arguments: tuple[str, ...]
) -> None:
    succeeded(place.run("-e", CLICKS))
    wrong = "SELECT pge FROM clicks;"
    place.write("wrong.sql", CLICKS.strip() + "\n" + wrong)
    run = place.run(*arguments)
    assert (run.returncode, run.stdout) == (1, "")
    error, line, caret, hint = run.stderr.splitlines()
    assert error == 'Error: column "PGE" does not exist in stream CLICKS'
    assert line.endswith(": " + wrong)
    assert caret.strip() == "^^^"
    assert hint == 'HINT: Did you mean "PAGE"?'


def test_a_directory_that_another_process_owns(place: Place) -> None:
    succeeded(place.run("-e", CLICKS))
    with place.running("-e", "SELECT * FROM clicks EMIT CHANGES;", "--output", "csv") as process:
        read_line(process)
        assert "CLICKS" in succeeded(place.run("-e", "SHOW STREAMS;"))
        line = one_clear_line(place.run("-e", COUNTS))
        assert line.startswith(
            f'Error: this is for process {process.pid}, which owns directory ".streamsql": CREATE'
        )
        line = one_clear_line(place.run("run", place.write("s.sql", CLICKS)))
        assert line == f'Error: directory ".streamsql" is in use by process {process.pid}'


def test_kafka_that_does_not_answer(place: Place) -> None:
    script = place.write("s.sql", CLICKS + COUNTS)
    server = ("--bootstrap-servers", "127.0.0.1:1")
    commands = [("run", script, *server), ("-e", "SHOW STREAMS;", *server)]
    with ThreadPoolExecutor() as executor:  # both wait for the time-out
        for done in executor.map(lambda arguments: place.run(*arguments), commands):
            assert "127.0.0.1:1" in one_clear_line(done)


def test_a_directory_that_cannot_be_made(place: Place) -> None:
    place.write("file", "")
    line = one_clear_line(place.run("-e", "SHOW STREAMS;", "--directory", "file/below"))
    assert line == 'Error: cannot use directory "file/below": Not a directory'


def test_a_log_level_that_is_none(place: Place) -> None:
    line = one_clear_line(place.run("-e", "SHOW STREAMS;", STREAMSQL_LOG="loud"))
    assert 'STREAMSQL_LOG cannot be "loud"' in line


def test_a_full_disk(place: Place) -> None:
    """No file may grow beyond a limit: what a full disk says, without filling one."""
    place.write("big.jsonl", '{"text":"%s"}\n' % ("x" * 1000) * 20_000)
    limited = subprocess.run(
        command("load", "t", "big.jsonl"),
        capture_output=True,
        text=True,
        check=False,
        cwd=place.path,
        env=environment(),
        timeout=TIMEOUT_SECONDS,
        preexec_fn=_limit_files,
    )
    assert "Error: cannot" in one_clear_line(limited)


def _limit_files() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))


def test_output_that_nobody_reads(place: Place) -> None:
    many = "; ".join(["SHOW FUNCTIONS"] * 20)
    with place.running("-e", many) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(TIMEOUT_SECONDS) == 141


def test_output_on_a_full_disk(place: Place) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        run = subprocess.run(
            command("-e", "SHOW FUNCTIONS;"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=place.path,
            env=environment(),
            timeout=TIMEOUT_SECONDS,
        )
    assert run.returncode == 2
    (line,) = run.stderr.splitlines()
    assert "No space left on device" in line
