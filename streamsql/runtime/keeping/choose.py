"""Which of the two keeps the state: the one place that asks."""

from collections.abc import Callable

from streamsql.broker.ports import Broker
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.keeping.changelogs import ChangelogKeeping
from streamsql.runtime.keeping.in_broker import BrokerKeeping
from streamsql.runtime.keeping.port import StateKeeping
from streamsql.runtime.metrics import Metrics


def state_keeping(
    broker: Broker,
    config: RuntimeConfig,
    clock_ms: Callable[[], float] = lambda: 0.0,
    metrics: Metrics | None = None,
) -> StateKeeping:
    """Return who keeps the state of an application's tasks; nothing is opened yet."""
    if broker.keeper is not None:
        return BrokerKeeping(broker, broker.keeper, config.application)
    return ChangelogKeeping(broker, config, metrics or Metrics(), clock_ms)
