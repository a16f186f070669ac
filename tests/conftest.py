"""What the whole test suite shares: processes, seeds, the real Kafka broker.

Directories of tests run on all cores where pytest-xdist is installed (``-n0``: in one process).
What is random starts from a seed, and a failure prints the line that repeats it.

One broker serves a test run. The first test that asks for it starts it; the process that started
pytest ends it, by pid, however the run ends. Under pytest-xdist the workers learn the directory
of the run from the controller.
"""

import os
import random
import shlex
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.kafka import KafkaUnavailable, shared_broker, stop_shared_broker

RUN_DIRECTORY = pytest.StashKey[Path]()
SEED = pytest.StashKey[int]()
MOST_PROCESSES = 8

hypothesis.settings.register_profile("streamsql", print_blob=True)
hypothesis.settings.load_profile("streamsql")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--seed``."""
    parser.addoption("--seed", type=int, help="the seed of the random tests, to repeat a failure")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Use all cores, unless told otherwise or asked for single files or tests."""
    option = config.option
    if not config.pluginmanager.hasplugin("xdist") or hasattr(config, "workerinput"):
        return
    if option.dist == "no":
        option.dist = "loadgroup"
    chosen = option.numprocesses is not None or option.tx or option.usepdb
    if not chosen and option.capture != "no" and all(Path(each).is_dir() for each in config.args):
        option.numprocesses = "auto"
        option.maxprocesses = option.maxprocesses or MOST_PROCESSES


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
    """Mark every test that uses the broker, and begin with the slow ones: none is left over.

    ``-m "not kafka"`` and the inner loop leave those on the broker out.
    """
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)
        if item.get_closest_marker("kafka") is not None:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture
def seeds(request: pytest.FixtureRequest) -> Callable[[int], Iterator[int]]:
    """Draws the seeds of so many rounds of a random test; with ``--seed`` it is that one alone."""

    def draw(rounds: int) -> Iterator[int]:
        given: int | None = request.config.getoption("seed")
        for _ in range(rounds if given is None else 1):
            seed = random.randrange(2**32) if given is None else given
            request.node.stash[SEED] = seed
            print(f"seed {seed}")
            yield seed

    return draw


@pytest.fixture
def seed(seeds: Callable[[int], Iterator[int]]) -> int:
    """The seed of a random test of one round."""
    (drawn,) = seeds(1)
    return drawn


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the line that repeats a failure."""
    report = yield
    if report.failed and SEED in item.stash:
        line = f"pytest {shlex.quote(item.nodeid)} --seed {item.stash[SEED]}"
        report.sections.append(("To repeat this failure", line))
    return report


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
