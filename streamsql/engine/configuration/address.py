"""Where the broker is, by what was given and the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from streamsql.broker.open import is_kafka, open_broker, open_or_follow
from streamsql.broker.ports import Broker
from streamsql.engine.configuration.config import EMBEDDED_DIRECTORY, EngineConfig, load_config

_STATE = "state"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker that is not open yet, and the configuration for it."""

    target: str | Path
    config: EngineConfig

    @property
    def is_there(self) -> bool:
        """Whether there can be anything: opening an embedded broker makes its directory."""
        return is_kafka(self.target) or Path(self.target).is_dir()

    def open(self) -> Broker:
        """Return the broker.

        Raises:
            EngineError: It cannot be reached, or its directory belongs to another process.
        """
        return open_broker(self.target, **broker_options(self.target, self.config))

    def open_or_follow(self) -> Broker:
        """Return the broker, or one that follows it when its directory has another owner.

        Raises:
            EngineError: It cannot be reached.
        """
        return open_or_follow(self.target, **broker_options(self.target, self.config))


def find_broker(
    target: str | Path | None = None,
    *,
    directory: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> BrokerAddress:
    """Return where the broker is, by what was given and the configuration.

    Raises:
        EngineError: A setting does not exist, or has a value it cannot have.
    """
    config = load_config(settings)
    if target is None:
        target = config.get("bootstrap.servers")
    if target is None or not is_kafka(target):
        return BrokerAddress(Path(target or directory or EMBEDDED_DIRECTORY), config)
    if "state.dir" not in config.overrides:
        home = EMBEDDED_DIRECTORY if directory is None else Path(directory)
        config = replace(config, state_directory=home / _STATE)
    return BrokerAddress(target, config)


def broker_options(target: str | Path, config: EngineConfig) -> dict[str, Any]:
    """Return the settings of the broker at the target as its constructor names them."""
    if not is_kafka(target):
        return {"fsync": config.get("embedded.fsync")}
    return {
        "session_timeout_ms": config.whole("session.timeout.ms"),
        "transaction_timeout_ms": config.whole("transaction.timeout.ms"),
        "linger_ms": config.whole("linger.ms"),
        "state_directory": config.state_directory,
        "registry": config.registry(),
        "client": config.client(),
    }
