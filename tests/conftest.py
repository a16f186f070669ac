"""Fixtures of the whole test suite: the real Kafka broker.

One broker serves a test run. The first test that asks for it starts it; the process that started
pytest ends it, by pid, however the run ends. Under pytest-xdist the workers learn the directory
of the run from the controller.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.kafka import KafkaUnavailable, shared_broker, stop_shared_broker

RUN_DIRECTORY = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Choose the directory of the run's broker, or take over the controller's."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is None:
        config.stash[RUN_DIRECTORY] = Path(tempfile.mkdtemp(prefix="streamsql-kafka-"))
    else:
        config.stash[RUN_DIRECTORY] = Path(workerinput["kafka_run_directory"])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a pytest-xdist worker the directory of the run's broker."""
    node.workerinput["kafka_run_directory"] = str(node.config.stash[RUN_DIRECTORY])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the run's broker, in the process that started the run."""
    if not hasattr(config, "workerinput") and RUN_DIRECTORY in config.stash:
        stop_shared_broker(config.stash[RUN_DIRECTORY])


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that uses the broker: ``-m "not kafka"`` and the inner loop leave it out."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
        if item.get_closest_marker("kafka") is not None:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def kafka(pytestconfig: pytest.Config) -> str:
    """The bootstrap servers of a real Kafka broker, shared by all tests of the run.

    Topics of other tests are there too: a test uses names of its own.
    """
    try:
        return shared_broker(pytestconfig.stash[RUN_DIRECTORY]).bootstrap_servers
    except KafkaUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI runs the tests on real Kafka, but: {error}")
        pytest.skip(f"no real Kafka here: {error}")
