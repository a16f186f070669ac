"""The properties of a WITH clause: known names, and values of the right kind."""

import re

from sqlglot import exp

from streamsql.errors import BindError, Span
from streamsql.sql.binding.scope import did_you_mean
from streamsql.sql.dialect.nodes.node import several, span
from streamsql.topology.topics import TOPIC_NAMES, is_legal_topic
from streamsql.types.sqltypes import BIGINT_MAX

FORMATS = frozenset(
    {
        "FORMAT",
        "KEY_FORMAT",
        "VALUE_FORMAT",
        "KEY_DELIMITER",
        "VALUE_DELIMITER",
        "WRAP_SINGLE_VALUE",
    }
)
REGISTRY = {
    "KEY_SCHEMA_ID",
    "VALUE_SCHEMA_ID",
    "KEY_SCHEMA_FULL_NAME",
    "VALUE_SCHEMA_FULL_NAME",
    "VALUE_AVRO_SCHEMA_FULL_NAME",
    "KEY_PROTOBUF_NULLABLE_REPRESENTATION",
    "VALUE_PROTOBUF_NULLABLE_REPRESENTATION",
}
TOPIC = frozenset({"KAFKA_TOPIC", "PARTITIONS", "REPLICAS", "RETENTION_MS", "CLEANUP_POLICY"})
EVENT_TIME = frozenset({"TIMESTAMP", "TIMESTAMP_FORMAT"})

MAX_PARTITIONS = 100_000
"""Of a topic, which is more than brokers bear; each costs memory as soon as it is made."""
MAX_REPLICAS = 32_767
_WHOLE = re.compile(r"0*[0-9]{1,19}")

SINK_PROPERTIES = FORMATS | REGISTRY | TOPIC | EVENT_TIME
SOURCE_PROPERTIES = SINK_PROPERTIES | {"WINDOW_TYPE", "WINDOW_SIZE", "SOURCED_BY_CONNECTOR"}


class With:
    """The properties that were written, by upper-case name."""

    __slots__ = ("_entries", "where")

    def __init__(
        self, written: exp.Properties | None, allowed: frozenset[str], statement: Span
    ) -> None:
        """Check the names; ``statement`` is where errors about what is missing point to."""
        self.where = statement if written is None else span(written)
        self._entries: dict[str, exp.Property] = {}
        for entry in () if written is None else several(written, "expressions", exp.Property):
            name = entry.name.upper()
            if name not in allowed:
                raise BindError(
                    f'property "{name}" does not exist here',
                    span(entry.this),
                    hint=did_you_mean(name, sorted(allowed))
                    or f"The properties are {', '.join(sorted(allowed))}.",
                )
            if name in self._entries:
                raise BindError(f'property "{name}" is given twice', span(entry.this))
            self._entries[name] = entry
        if "CLEANUP_POLICY" in self._entries:
            raise BindError(
                'property "CLEANUP_POLICY" cannot be set',
                self.place("CLEANUP_POLICY"),
                hint="Topics of streams are deleted by age, topics of tables are compacted.",
            )

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def names(self) -> list[str]:
        """Return the names that were written, in order."""
        return list(self._entries)

    def place(self, name: str) -> Span:
        """Return where the property is written, or else the whole clause."""
        entry = self._entries.get(name)
        return self.where if entry is None else span(entry)

    def text(self, name: str) -> str | None:
        """Return the text of a property, ``None`` when it is not given.

        Raises:
            BindError: It is not text.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        if not isinstance(entry.args["value"], exp.Literal) or not entry.args["value"].is_string:
            raise BindError(
                f'property "{name}" is a text in single quotes', span(entry.args["value"])
            )
        return entry.text("value")

    def topic(self) -> str | None:
        """Return the topic that is named, ``None`` when none is.

        Raises:
            BindError: No topic can have the name.
        """
        name = self.text("KAFKA_TOPIC")
        if name is not None and not is_legal_topic(name):
            raise BindError(
                f'no topic can be called "{name}"',
                span(self._entries["KAFKA_TOPIC"].args["value"]),
                hint=f"The name of a topic is {TOPIC_NAMES}.",
            )
        return name

    def integer(self, name: str, *, least: int = 1, most: int = BIGINT_MAX) -> int | None:
        """Return the whole number of a property, ``None`` when it is not given.

        Raises:
            BindError: It is not a whole number, or not between ``least`` and ``most``.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        value = entry.args["value"]
        sign = 1
        if isinstance(value, exp.Neg):
            sign, value = -1, value.this
        text = value.name.strip() if isinstance(value, exp.Literal) else ""
        if not _WHOLE.fullmatch(text) or not least <= sign * int(text) <= most:
            raise BindError(
                f'property "{name}" is a whole number from {least} to {most}',
                span(entry.args["value"]),
            )
        return sign * int(text)

    def truth(self, name: str) -> bool | None:
        """Return the truth value of a property, ``None`` when it is not given.

        Raises:
            BindError: It is neither true nor false.
        """
        entry = self._entries.get(name)
        if entry is None:
            return None
        value = entry.args["value"]
        if isinstance(value, exp.Boolean):
            return bool(value.this)
        text = value.name.lower() if isinstance(value, exp.Literal) else ""
        if text not in ("true", "false"):
            raise BindError(f'property "{name}" is true or false', span(value))
        return text == "true"
