"""What is planned is what happens: once, before anything does, and under the names it was shown."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from streamsql.broker.embedded.broker import EmbeddedBroker
from streamsql.broker.ports import TopicConfig
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.connect import connect
from streamsql.engine.engine import Engine
from streamsql.engine.planning.context import PlannerContext
from streamsql.engine.planning.describe import describe_program
from streamsql.engine.planning.planner import compile_script
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import open_program, plan_program
from streamsql.errors import EngineError
from streamsql.expr.builtins import builtins

CLICKS = """
    CREATE STREAM {p}_clicks (usr STRING KEY, page STRING)
    WITH (KAFKA_TOPIC = '{p}_clicks', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
"""
BY_PAGE = "CREATE TABLE {p}_pages AS SELECT page, COUNT(*) AS n FROM {p}_clicks GROUP BY page"
PUSHED = "SELECT page, COUNT(*) AS n FROM {p}_clicks GROUP BY page EMIT CHANGES"
_CREATED = re.compile(r"^  (\S+) \((\d+) partitions(, compacted)?\)$", re.MULTILINE)
_DRY = re.compile(r"^  (\S+) \((\d+) partitions(, compacted)?\) is created$", re.MULTILINE)
_NAMED = re.compile(r"^ +topic ([^ ,]+)", re.MULTILINE)


@pytest.fixture(params=["changelogs", "broker-state", "embedded"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "embedded":
        with Engine(EmbeddedBroker(tmp_path / "data")) as opened:
            yield opened
    else:
        broker = SimulatedBroker(keeps_state=request.param == "broker-state")
        with Engine(broker, clock_ms=broker.clock) as opened:
            yield opened


def check_promises(engine: Engine, prefix: str, own: str = "") -> None:
    """Compare what EXPLAIN says of a query with what there is while the query runs.

    Args:
        engine: Runs the queries.
        prefix: What the names of their topics begin with.
        own: A part of all their names, where other tests use the broker at the same time.
    """
    engine.execute(CLICKS.format(p=prefix))
    for query in (BY_PAGE.format(p=prefix), PUSHED.format(p=prefix)):
        shown = engine.execute(f"EXPLAIN TOPOLOGY {query}").message
        before = set(engine.broker.topics())
        with engine.execute(query):
            found = engine.broker.topics()
            promised = {
                name: (int(partitions), bool(compacted))
                for name, partitions, compacted in _CREATED.findall(shown)
            }
            created = {
                name: (topic.partitions, topic.compacted)
                for name, topic in found.items()
                if name not in before and own in name.lower()
            }
            assert promised == created
            assert {*_NAMED.findall(shown)} <= {*found}
            application = shown.splitlines()[0].removeprefix("Application ")
            assert all(name.startswith(f"{application}-") for name in created if "-" in name)


def test_explain_shows_what_will_be(engine: Engine) -> None:
    check_promises(engine, "local")


def test_explain_shows_what_will_be_on_kafka(kafka: str, tmp_path: Path) -> None:
    with connect(kafka, directory=tmp_path, application="promises") as engine:
        check_promises(engine, "promises", own="promises")


def test_explain_knows_the_topics_of_the_script_before_it(engine: Engine) -> None:
    text = CLICKS.format(p="s") + f"EXPLAIN TOPOLOGY {BY_PAGE.format(p='s')};"
    _, shown = engine.execute_script(text)
    assert "S_PAGES (2 partitions, compacted)" in shown.message


def calls_of(action: Callable[[], object], *names: str) -> Counter[str]:
    """Count the calls of functions of the package, by name."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and "streamsql" in frame.f_code.co_filename:
            counts[frame.f_code.co_qualname] += 1

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return Counter({name: counts[name] for name in names})


def test_a_query_is_lowered_and_laid_out_once() -> None:
    broker = SimulatedBroker()
    with Engine(broker, clock_ms=broker.clock) as engine:
        engine.execute(CLICKS.format(p="once"))
        steps = ("bind", "optimize", "lower", "lay_out")
        counted = calls_of(lambda: engine.execute(BY_PAGE.format(p="once")), *steps)
        assert counted == dict.fromkeys(steps, 1)


def test_the_queries_of_a_file_are_laid_out_together() -> None:
    queries = [f"CREATE STREAM s{n} AS SELECT * FROM f_clicks;" for n in range(3)]
    text = CLICKS.format(p="f") + "".join(queries)
    context = PlannerContext(Catalog(functions=builtins()))
    steps = ("optimize", "lower", "lay_out")
    counted = calls_of(lambda: compile_program([text], context, "app"), *steps)
    assert counted == {"optimize": 3, "lower": 3, "lay_out": 1}
    program = compile_program([text], context, "app")
    plans = [one.query.application for one in program.statements if one.query is not None]
    assert len(plans) == 3
    assert all(plan is program.application for plan in plans)


def test_topics_are_data() -> None:
    text = "CREATE STREAM s (v INT) WITH (KAFKA_TOPIC = 't', VALUE_FORMAT = 'JSON');"
    query = "CREATE STREAM o AS SELECT v FROM s;"
    context = PlannerContext(Catalog(functions=builtins()), topics={"t": TopicConfig("t", 7)})
    _, planned = compile_script(text + query, context)
    assert planned.create == (TopicConfig("O", 7),)
    nothing = PlannerContext(Catalog(functions=builtins()))
    with pytest.raises(EngineError, match='topic "t" of stream "S" does not exist'):
        compile_script(text + query, nothing)


REDECLARED = (
    CLICKS.format(p="d")
    + "CREATE STREAM long AS SELECT usr, page FROM d_clicks WHERE LEN(page) > 9;"
    + "CREATE TABLE longest (usr STRING PRIMARY KEY, page STRING)"
    + " WITH (KAFKA_TOPIC = 'LONG', VALUE_FORMAT = 'JSON'{});"
    + "CREATE TABLE visitors AS SELECT page, COUNT(*) AS n FROM longest GROUP BY page;"
)


def test_a_dry_run_names_every_topic_that_is_made(tmp_path: Path) -> None:
    text = CLICKS.format(p="dry") + BY_PAGE.format(p="dry") + ";"
    text += "INSERT INTO dry_clicks (usr, page) VALUES ('a', 'x'); SELECT * FROM dry_pages;"
    address = find_broker(tmp_path / "data")
    shown = describe_program(plan_program([text], address, name="dry"))
    assert not (tmp_path / "data").exists()
    with open_program([text], address, name="dry", until_end=True) as running:
        assert [list(result) for result in running.run()] == [[("x", 1)]]
    again = describe_program(plan_program([text], address, name="dry"))
    assert "created" not in again
    assert again == shown.replace("is created", "is there")
    broker = address.open()
    assert {name for name, *_ in _DRY.findall(shown)} == {*broker.topics()}
    broker.close()
    assert "Records written once\n  1 to dry_clicks" in shown
    assert "Answered\n  SELECT * FROM dry_pages" in shown


def test_a_topic_that_a_query_makes_may_be_declared_behind_it() -> None:
    context = PlannerContext(Catalog(functions=builtins()))
    for clause in ("", ", PARTITIONS = 2"):
        text = REDECLARED.format(clause)
        program = compile_program([text], context, "app")
        made = {topic.name: topic.partitions for topic in program.create}
        assert made["LONG"] == made["VISITORS"] == 2
        assert [one.create for one in compile_script(text, context)][2] == ()
    other = REDECLARED.format(", PARTITIONS = 3")
    refused = '"LONG" has 2 partitions, table "LONGEST" declares 3'
    with pytest.raises(EngineError, match=refused):
        compile_program([other], context, "app")
    with pytest.raises(EngineError, match=refused):
        compile_script(other, context)


def test_a_topic_deleted_by_the_script_is_made_again(engine: Engine) -> None:
    again = CLICKS.format(p="a") + BY_PAGE.format(p="a") + ";"
    drop = "DROP TABLE a_pages DELETE TOPIC; DROP STREAM a_clicks DELETE TOPIC;"
    engine.execute_script(again + drop + again)
    topics = engine.broker.topics()
    assert {"a_clicks", "A_PAGES"} <= {*topics}
    assert "default-CTAS_A_PAGES_0-aggregate-changelog" not in topics


def test_settings_of_the_replica_count_are_promised_too() -> None:
    config = EngineConfig({"replication.factor": "3"})
    context = PlannerContext(Catalog(functions=builtins()), config)
    source, planned = compile_script(CLICKS.format(p="r") + BY_PAGE.format(p="r"), context)
    assert {topic.replicas for topic in (*source.create, *planned.create)} == {3}
