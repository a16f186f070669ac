"""Laying a topology out on the topics that are there."""

import pytest

from streamsql.broker.ports import TopicConfig
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.errors import EngineError
from streamsql.runtime.layout import Layout, changelogs, lay_out, state_topics
from streamsql.runtime.upstream import ancestors
from tests.runtime.scenarios import SCENARIOS, Scenario


def laid_out(
    sql: str,
    *existing: tuple[str, int],
    keeps_state: bool = False,
    streams: tuple[str, ...] = ("s",),
    tables: tuple[str, ...] = (),
) -> Layout:
    topology = Scenario(sql, (), streams, tables).topology(dict(existing).get("s", 1))
    topics = {name: TopicConfig(name, partitions) for name, partitions in existing}
    return lay_out("app", topology, topics, state_topics(SimulatedBroker(keeps_state=keeps_state)))


def created(layout: Layout) -> dict[str, tuple[int, bool]]:
    return {topic.name: (topic.partitions, topic.compacted) for topic in layout.create}


COUNT = "CREATE TABLE o AS SELECT k, COUNT(*) AS c FROM s GROUP BY k;"
COUNT_BY_VALUE = "CREATE TABLE o AS SELECT g, COUNT(*) AS c FROM s GROUP BY g;"
JOIN = "CREATE STREAM o AS SELECT s.k, s.v AS sv, t.v AS tv FROM s JOIN t ON s.k = t.k;"


def test_sinks_have_as_many_partitions_as_their_writers() -> None:
    layout = laid_out("CREATE STREAM o AS SELECT * FROM s;", ("s", 5))
    assert layout.partitions == {0: 5}
    assert created(layout) == {"O": (5, False)}
    assert not layout.internal
    assert not layout.written


def test_what_exists_is_not_created() -> None:
    assert created(laid_out("CREATE STREAM o AS SELECT * FROM s;", ("s", 5), ("O", 2))) == {}


def test_changelogs_are_compacted_and_only_where_the_broker_keeps_no_state() -> None:
    assert created(laid_out(COUNT, ("s", 3))) == {
        "O": (3, True),
        "app-O-aggregate-changelog": (3, True),
    }
    assert created(laid_out(COUNT, ("s", 3), keeps_state=True)) == {"O": (3, True)}


def test_a_changelog_of_another_size_is_refused() -> None:
    with pytest.raises(EngineError, match='"app-O-aggregate-changelog" has 2 partitions, but 3'):
        laid_out(COUNT, ("s", 3), ("app-O-aggregate-changelog", 2))


def test_repartitions_connect_sub_topologies() -> None:
    layout = laid_out(COUNT_BY_VALUE, ("s", 3))
    assert layout.inputs == {0: ("s",), 1: ("app-O-repartition",)}
    assert layout.partitions == {0: 3, 1: 3}
    assert layout.internal == layout.written == {"app-O-repartition"}
    assert created(layout)["app-O-repartition"] == (3, False)
    repartition = next(topic for topic in layout.create if topic.name == "app-O-repartition")
    assert repartition.retention_ms == -1, "it is purged behind the commit, never by time"


def test_repartitions_between_single_partitions_are_left_out() -> None:
    layout = laid_out(COUNT_BY_VALUE, ("s", 1))
    assert layout.inputs == {0: ("s",)}
    assert not layout.internal
    assert "O-repartition" not in layout.topology.nodes


def test_a_repartition_topic_that_is_there_decides_on_the_number_of_tasks() -> None:
    layout = laid_out(COUNT_BY_VALUE, ("s", 1), ("app-O-repartition", 4))
    assert layout.partitions == {0: 1, 1: 4}


def test_topics_read_together_must_have_as_many_partitions() -> None:
    with pytest.raises(EngineError, match='as many partitions: "s" has 2, "t" has 3'):
        laid_out(JOIN, ("s", 2), ("t", 3), tables=("t",))
    assert laid_out(JOIN, ("s", 2), ("t", 2), tables=("t",)).inputs == {0: ("s", "t")}


def test_a_repartition_takes_the_partitions_of_what_it_is_joined_with() -> None:
    sql = "CREATE STREAM o AS SELECT s.g, s.v AS sv, t.v AS tv FROM s JOIN t ON s.g = t.k;"
    layout = laid_out(sql, ("s", 2), ("t", 3), tables=("t",))
    (joining,) = (index for index, topics in layout.inputs.items() if "t" in topics)
    assert layout.partitions[joining] == 3
    assert layout.partitions[1 - joining] == 2


def test_a_missing_topic_is_named() -> None:
    with pytest.raises(EngineError, match='topic "s" does not exist'):
        laid_out(COUNT)


def test_one_input_tells_how_many_tasks_a_part_has() -> None:
    """The other is the part's own sink: a stream is joined with its own aggregate."""
    sql = COUNT + "CREATE STREAM p AS SELECT s.k, s.v, o.c FROM s JOIN o ON s.k = o.k;"
    layout = laid_out(sql, ("s", 3))
    assert layout.inputs == {0: ("O", "s")}
    assert created(layout)["O"] == (3, True)
    assert ancestors(layout) == {0: frozenset()}


def test_a_topic_is_what_the_first_of_its_writers_makes_of_it() -> None:
    wide = "CREATE STREAM o WITH (PARTITIONS = 4) AS SELECT k, g FROM s PARTITION BY k;"
    layout = laid_out(wide + "INSERT INTO o SELECT k, g FROM s;", ("s", 2))
    assert created(layout)["O"] == (4, False)
    again = "CREATE STREAM m (k STRING KEY, g STRING) WITH (KAFKA_TOPIC='O', VALUE_FORMAT='JSON');"
    joined = "CREATE STREAM p AS SELECT * FROM s JOIN m WITHIN 1 DAY ON s.k = m.k;"
    with pytest.raises(EngineError, match='as many partitions: "O" has 4, "s" has 2'):
        laid_out(wide + again + joined, ("s", 2))


def test_parts_that_feed_each_other_are_not_above_one_another() -> None:
    sql = """
        CREATE TABLE o AS SELECT g, COUNT(*) AS c FROM s GROUP BY g;
        CREATE STREAM p AS SELECT s.k, s.v, o.c FROM s JOIN o ON s.k = o.g;
        CREATE TABLE q AS SELECT c, COUNT(*) AS n FROM p GROUP BY c;
    """
    layout = laid_out(sql, ("s", 2))
    assert layout.inputs == {
        0: ("O", "s"),
        1: ("app-O-repartition",),
        2: ("P",),
        3: ("app-Q-repartition",),
    }
    assert ancestors(layout) == {
        0: frozenset(),
        1: frozenset(),
        2: frozenset({0, 1}),
        3: frozenset({0, 1, 2}),
    }


def test_sinks_that_are_read_again_count_as_written() -> None:
    layout = lay_out(
        "app",
        SCENARIOS["chain"].topology(3),
        {"s": TopicConfig("s", 3)},
        changelogs,
    )
    assert layout.written == {"M", "app-O-repartition"}
    assert layout.partitions_of(0)[0].topic == "s"
