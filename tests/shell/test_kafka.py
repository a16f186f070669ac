"""The program on real Kafka."""

import json
import signal
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from streamsql.broker.open import open_broker
from streamsql.broker.ports import TopicPartition
from tests.shell.place import TIMEOUT_SECONDS, Place, one_clear_line, read_line, succeeded

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_load_and_run_in_two_workers(kafka: str, place: Place) -> None:
    topic = f"shell-{uuid.uuid4().hex[:8]}"
    server = ("--bootstrap-servers", kafka)
    lines = [json.dumps({"usr": f"u{n % 7}", "ms": n}) for n in range(1_000)]
    place.write("clicks.jsonl", "\n".join(lines))
    place.write(
        "counts.sql",
        f"""CREATE STREAM clicks (usr STRING KEY, ms BIGINT)
            WITH (KAFKA_TOPIC = '{topic}', VALUE_FORMAT = 'JSON');
        CREATE TABLE counts WITH (KAFKA_TOPIC = '{topic}-counts') AS
            SELECT usr, COUNT(*) AS n FROM clicks GROUP BY usr EMIT CHANGES;
        SELECT * FROM counts;""",
    )
    loading = ("load", topic, "clicks.jsonl", "--key", "usr", "--partitions", "4")
    assert succeeded(place.run(*loading, *server)) == f'1,000 records loaded into topic "{topic}"\n'

    running = ("run", "counts.sql", "--until-end", "--workers", "2", "--application", topic)
    ran = place.run(*running, "--output", "json", *server)

    found = {row["USR"]: row["N"] for row in map(json.loads, succeeded(ran).splitlines())}
    assert found == {f"u{k}": len(range(k, 1_000, 7)) for k in range(7)}
    assert ran.stderr.endswith(" s\n")
    # Progress is measured in offsets, and the end of the load's transaction has one per partition.
    with closing(open_broker(kafka)) as broker:
        ends = broker.ends([TopicPartition(topic, number) for number in range(4)], committed=True)
    filled = sum(end > 0 for end in ends.values())
    assert f"{1_000 + filled:,} input records processed in" in ran.stderr
    more = one_clear_line(place.run(*loading, *server, "--partitions", "3"))
    assert more.endswith(f'topic "{topic}" has 4 partitions, but 3 are needed')


def test_a_push_query_is_stopped(kafka: str, place: Place) -> None:
    topic = f"shell-{uuid.uuid4().hex[:8]}"
    place.write("a.csv", "usr\nada\n")
    options = ("--bootstrap-servers", kafka, "--application", topic)
    succeeded(place.run("load", topic, "a.csv", "--key", "usr", *options[:2]))
    text = f"""
        CREATE STREAM clicks (usr STRING KEY) WITH (KAFKA_TOPIC = '{topic}', VALUE_FORMAT = 'JSON');
        SET 'auto.offset.reset' = 'earliest';
        SELECT usr FROM clicks EMIT CHANGES;"""
    with place.running("-e", text, "--output", "csv", *options) as process:
        assert (read_line(process), read_line(process)) == ("USR\n", "ada\n")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.returncode == 130, error


def test_applications_see_each_other(kafka: str, place: Place) -> None:
    mark = f"v{uuid.uuid4().hex[:8]}"
    server = ("--bootstrap-servers", kafka)
    first, second = f"{mark}-climate", f"{mark}-shop"
    place.write(
        "climate.sql",
        f"""CREATE STREAM {mark}_readings (city STRING KEY, degrees INT)
            WITH (KAFKA_TOPIC = '{mark}-readings', VALUE_FORMAT = 'JSON', PARTITIONS = 2);
        CREATE TABLE {mark}_counts AS
            SELECT city, COUNT(*) AS n FROM {mark}_readings GROUP BY city;
        INSERT INTO {mark}_readings (city, degrees) VALUES ('Oslo', -3);
        INSERT INTO {mark}_readings (city, degrees) VALUES ('Oslo', 2);""",
    )
    place.write(
        "shop.sql",
        f"""CREATE STREAM {mark}_cold AS SELECT city, degrees
            FROM `{first}`.{mark}_readings WHERE degrees < 0;
        SELECT city, n FROM {mark}_counts;""",
    )
    ask = ("--output", "json", "--application", f"{mark}-prompt", *server)
    with place.running("run", "climate.sql", "--application", first, *server):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while True:
            asked = place.run("-e", f"SELECT city, n FROM {mark}_counts;", *ask)
            if asked.stdout == '{"CITY":"Oslo","N":2}\n':
                break
            assert time.monotonic() < deadline, asked

    running = ("run", "shop.sql", "--until-end", "--workers", "2", "--application", second)
    ran = place.run(*running, "--output", "json", *server)
    assert succeeded(ran) == '{"CITY":"Oslo","N":2}\n'

    listed = place.run("-e", "SHOW STREAMS;", *ask)
    own = [json.loads(line) for line in succeeded(listed).splitlines() if mark.upper() in line]
    found = {(row["NAME"].removeprefix(mark.upper()), row["APPLICATION"]) for row in own}
    assert found == {("_READINGS", first), ("_COLD", second)}
    refused = place.run("-e", f"DROP STREAM {mark}_cold;", *ask)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f'Error: stream "{mark.upper()}_COLD" belongs to application')
