"""A real Kafka broker for the tests, and the few things tests do to its topics.

The jars come from Maven Central once and stay in the user's cache directory. A broker is one
process (KRaft, broker and controller together) on free ports of 127.0.0.1 with its data in a
directory of the test run; :func:`shared_broker` lets the workers of pytest-xdist use one.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

KAFKA_VERSION = "4.1.1"
MINIMUM_JAVA = 17
START_ATTEMPTS = 3
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
PARTITION_UA = -1  # librdkafka's word for "let the partitioner choose"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>streamsql</groupId><artifactId>kafka</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

# Timeouts are low so that a crashed client is noticed within a test, and topics are never
# created behind the back of the program under test.
SERVER_PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={log_directory}
auto.create.topics.enable=false
num.partitions=1
num.network.threads=2
num.io.threads=4
background.threads=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
group.min.session.timeout.ms=1000
group.consumer.min.session.timeout.ms=1000
group.consumer.min.heartbeat.interval.ms=100
"""

# One compiler tier and the serial collector: the broker is up sooner and leaves the cores to
# the tests, which send it little.
JAVA_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


class KafkaUnavailable(Exception):
    """This machine cannot run a Kafka broker; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A broker process and where it listens."""

    bootstrap_servers: str
    pid: int


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """A record as a topic holds it."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def shared_broker(directory: Path) -> RunningBroker:
    """Return the broker of a test run, started by the first process that asks.

    Args:
        directory: A directory all processes of the run share.

    Raises:
        KafkaUnavailable: Java or the broker's jars cannot be had on this machine.
    """
    with _locked(directory / "lock"):
        state = directory / "broker.json"
        if state.exists():
            return RunningBroker(**json.loads(state.read_text()))
        broker = start_broker(directory / "broker")
        state.write_text(
            json.dumps({"bootstrap_servers": broker.bootstrap_servers, "pid": broker.pid})
        )
        return broker


def stop_shared_broker(directory: Path) -> None:
    """End the broker of a test run, when one was started, and remove its directory."""
    state = directory / "broker.json"
    if state.exists():
        stop_broker(RunningBroker(**json.loads(state.read_text())))
    shutil.rmtree(directory, ignore_errors=True)


def start_broker(directory: Path) -> RunningBroker:
    """Start a broker with its data under a directory and wait until it answers.

    Raises:
        KafkaUnavailable: Java or the broker's jars cannot be had on this machine.
        RuntimeError: The broker did not come up; its log is in the message.
    """
    java = _java()
    class_path = f"{_jars()}{os.sep}*"
    for attempt in range(START_ATTEMPTS):
        # A port that was free a moment ago can be taken by somebody else: then try others.
        broker = _try_start(java, class_path, directory / str(attempt))
        if broker is not None:
            return broker
    logs = [path.read_text() for path in sorted(directory.glob("*/server.log"))]
    raise RuntimeError(f"Kafka did not start in {START_ATTEMPTS} attempts:\n" + "\n".join(logs))


def stop_broker(broker: RunningBroker) -> None:
    """End a broker process, by force when it does not go by itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(broker.pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if not _alive(broker.pid):
                return
            time.sleep(0.05)


def create_topic(
    bootstrap_servers: str,
    topic: str,
    partitions: int = 1,
    config: Mapping[str, str] | None = None,
) -> None:
    """Create a topic and wait until the broker knows it."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    new_topic = NewTopic(topic, partitions, 1, config=dict(config or {}))
    admin.create_topics([new_topic])[topic].result(timeout=30)


def produce(
    bootstrap_servers: str,
    topic: str,
    records: Iterable[tuple[bytes | None, bytes | None, int]],
    partition: int | None = None,
) -> None:
    """Append records, given as (key, value, timestamp in ms), and wait for all acknowledgements.

    Without a partition, records are spread by key as Java clients do it (murmur2).
    """
    errors: list[KafkaError] = []

    def note(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            errors.append(error)

    producer = Producer(
        {
            "bootstrap.servers": bootstrap_servers,
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "linger.ms": 2,
        }
    )
    place = PARTITION_UA if partition is None else partition
    for key, value, timestamp_ms in records:
        producer.produce(topic, value, key, place, on_delivery=note, timestamp=timestamp_ms)
        producer.poll(0)
    assert producer.flush(30) == 0, "records were not acknowledged within 30 s"
    if errors:
        raise KafkaException(errors[0])


def read_committed(
    bootstrap_servers: str, topic: str, timeout_seconds: float = 30.0
) -> list[KafkaRecord]:
    """Return every committed record of a topic, partition by partition in order of offset."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": f"read-{uuid.uuid4()}",
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, number, 0) for number in partitions])
        return _read_to_end(consumer, set(partitions), time.monotonic() + timeout_seconds)
    finally:
        consumer.close()


def _read_to_end(consumer: Consumer, open_: set[int], deadline: float) -> list[KafkaRecord]:
    records: list[KafkaRecord] = []
    while open_:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the end of partitions {sorted(open_)} was not reached")
        for message in consumer.consume(500, timeout=0.2):
            error = message.error()
            if error is None:
                records.append(_record(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                open_.discard(message.partition())
            else:
                raise KafkaException(error)
    return sorted(records, key=lambda record: (record.partition, record.offset))


def _record(message: Message) -> KafkaRecord:
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return KafkaRecord(
        partition,
        offset,
        message.timestamp()[1],
        message.key(),
        message.value(),
        tuple(headers),
    )


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise KafkaUnavailable("Java is not installed (Kafka needs Java 17 or later)")
    text = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    found = re.search(r'version "(\d+)', text)
    if found is None or int(found[1]) < MINIMUM_JAVA:
        raise KafkaUnavailable(f"Kafka needs Java 17 or later, found: {text.splitlines()[0]}")
    return java


def _jars() -> Path:
    """The directory of the broker's jars, fetched by Maven the first time."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamsql-tests"
    home = cache / f"kafka-{KAFKA_VERSION}"
    home.mkdir(parents=True, exist_ok=True)
    jars = home / "lib"
    with _locked(home / "lock"):
        if not jars.is_dir():
            _download(home, jars)
    return jars


def _download(home: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise KafkaUnavailable(f"Maven is not installed and Kafka's jars are not in {jars}")
    (home / "pom.xml").write_text(POM)
    partial = home / "lib.partial"
    shutil.rmtree(partial, ignore_errors=True)
    command = [maven, "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={partial}"]
    run = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise KafkaUnavailable(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{run.stdout}")
    partial.rename(jars)  # the directory appears whole or not at all


def _try_start(java: str, class_path: str, directory: Path) -> RunningBroker | None:
    directory.mkdir(parents=True)
    port, controller_port = _free_ports(2)
    properties = directory / "server.properties"
    properties.write_text(
        SERVER_PROPERTIES.format(
            port=port, controller_port=controller_port, log_directory=directory / "log"
        )
    )
    # Not the URL-safe alphabet: an id that begins with "-" would be taken for an option.
    cluster = uuid.uuid4().hex[:22]
    run = [java, *JAVA_OPTIONS, "-cp", class_path]
    with (directory / "server.log").open("wb") as log:
        subprocess.run(
            [*run, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)],
            stdout=log,
            stderr=log,
            check=True,
        )
        process = subprocess.Popen(  # outlives this function: stop_broker ends it
            [*run, "kafka.Kafka", str(properties)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal must not end it before the tests end
        )
    broker = RunningBroker(f"127.0.0.1:{port}", process.pid)
    if _wait_until_up(process, port):
        process.returncode = 0  # left running on purpose; the object must not warn when collected
        return broker
    stop_broker(broker)
    process.wait()
    return None


def _wait_until_up(process: "subprocess.Popen[bytes]", port: int) -> bool:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    else:
        return False
    with contextlib.suppress(KafkaException):
        AdminClient({"bootstrap.servers": f"127.0.0.1:{port}"}).list_topics(timeout=30)
        return True
    return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _alive(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        if os.waitpid(pid, os.WNOHANG)[0] == pid:  # our own child: reap it
            return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
