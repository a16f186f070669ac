"""The statements that made the engine what it is, in a topic of the broker.

One partition; each record holds a statement's text and what it was made under, as JSON.
Replaying them in order gives the catalog, and the queries that run: their ids follow from their
order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from streamsql.broker.ports import Broker, TopicConfig, TopicPartition
from streamsql.broker.read_to_end import read_on
from streamsql.engine.declarations import Declaration
from streamsql.errors import EngineError

_FOREVER = -1


@dataclass(frozen=True, slots=True)
class LoggedStatement:
    """A statement that took effect.

    Attributes:
        statement: Its text, variables replaced.
        settings: What SET had changed, by name.
        foreign: The sources of other applications that it may mean, as they were: it means the
            same when they are others, or gone.
    """

    statement: str
    settings: Mapping[str, str]
    foreign: tuple[Declaration, ...] = ()


class CommandLog:
    """The log of one service."""

    def __init__(self, broker: Broker, service: str) -> None:
        self.topic = f"_streamsql_{service}_commands"
        self._broker = broker

    def read(self, position: int = 0) -> list[LoggedStatement]:
        """Return the commands in order, from that one on.

        Raises:
            EngineError: A record is not one of ours.
        """
        if self.topic not in self._broker.topics():
            return []
        commands = []
        messages, _ = read_on(self._broker, TopicPartition(self.topic, 0), position)
        for message in messages:
            try:
                commands.append(msgspec.json.decode(message.value() or b"", type=LoggedStatement))
            except msgspec.DecodeError as error:
                raise EngineError(
                    f'record {message.offset()} of topic "{self.topic}" is not a command: {error}'
                ) from error
        return commands

    def append(self, command: LoggedStatement, timestamp_ms: int) -> None:
        """Add a command durably; the log is made with the first one."""
        if self.topic not in self._broker.topics():
            self._broker.create([TopicConfig(self.topic, 1, retention_ms=_FOREVER)])
        record = (None, msgspec.json.encode(command), timestamp_ms, ())
        self._broker.append(self.topic, [record], 0)
