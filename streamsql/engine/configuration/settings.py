"""The settings by name, as Kafka Streams and ksqlDB spell them, with their defaults and meanings.

A name is accepted with or without the prefix ``ksql.streams.``. Names of ksqlDB or Kafka Streams
that have one fixed meaning here accept that value alone; a name that is not in the tables is an
error: no setting is taken and ignored.
"""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from streamsql.errors import EngineError, StatementError
from streamsql.formats.formats import lookup
from streamsql.sql.binding.settings import StatementSetting, plain_name

CLIENT_PREFIXES = ("sasl.", "ssl.", "security.", "enable.ssl.")
"""Settings of the connection to Kafka that are handed to its client library as they are."""

REGISTRY_PREFIX = "ksql.schema.registry."
"""Begins the settings that are handed to the client of the schema registry without it."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting.

    Attributes:
        default: Its value where nobody says anything; ``None``: unset.
        meaning: One sentence for SHOW PROPERTIES.
        check: Raises ValueError, with what would be right, for a value it cannot have.
        session: Whether SET may change it: the others are needed before the first statement.
    """

    name: str
    default: str | None
    meaning: str
    check: Callable[[str], object]
    session: bool = True


def _whole(minimum: int = 0) -> Callable[[str], object]:
    def check(value: str) -> None:
        if not value.strip().lstrip("-").isdigit() or int(value) < minimum:
            raise ValueError(f"a whole number of at least {minimum}")

    return check


def _one_of(*options: str) -> Callable[[str], object]:
    def check(value: str) -> None:
        if value.lower() not in options:
            raise ValueError(" or ".join(f'"{option}"' for option in options))

    return check


def _format(value: str) -> None:
    try:
        lookup(value)
    except StatementError as error:
        raise ValueError(f"a format: {error.message}") from error


def _text(value: str) -> None:
    if not value:
        raise ValueError("a text that is not empty")


def _any(value: str) -> None:
    del value


_BOOLEAN = _one_of("true", "false")

_TABLE = (
    Setting(
        "auto.offset.reset",
        None,
        "Where a query without committed offsets begins: persistent ones at the earliest record, "
        "push queries at the latest, unless this is set.",
        _one_of("earliest", "latest"),
    ),
    Setting("bootstrap.servers", None, "Kafka servers, host:port.", _text, session=False),
    Setting("cache.max.bytes.buffering", None, "Old name of statestore.cache.max.bytes.", _whole()),
    Setting("commit.interval.ms", "100", "Time between two commits of a query.", _whole()),
    Setting("compression.type", "none", "Compression of what is written to Kafka.",
            _one_of("none", "gzip", "snappy", "lz4", "zstd"), session=False),
    Setting("embedded.fsync", "interval", "When the embedded broker forces its log to the disk.",
            _one_of("never", "interval", "commit"), session=False),
    Setting("ksql.functions.collect_list.limit", None, "Length of a COLLECT_LIST.", _whole(),
            session=False),
    Setting("ksql.functions.collect_set.limit", None, "Length of a COLLECT_SET.", _whole(),
            session=False),
    Setting(StatementSetting.TOPIC_PREFIX, "", "Begins the default names of sink topics.", _any),
    Setting(StatementSetting.KEY_FORMAT, "KAFKA", "KEY_FORMAT of sources without one.", _format),
    Setting(StatementSetting.VALUE_FORMAT, None, "VALUE_FORMAT of sources without one.", _format),
    Setting(StatementSetting.WRAP_SINGLE_VALUES, None, "Default of WRAP_SINGLE_VALUE.", _BOOLEAN),
    Setting("ksql.query.retry.backoff.initial.ms", "1000",
            "Wait before a failed query is started again; doubled each time.", _whole(1)),
    Setting("ksql.query.retry.backoff.max.ms", "60000", "Longest such wait.", _whole(1)),
    Setting(StatementSetting.SINK_PARTITIONS, None, "Partitions of sink topics without PARTITIONS.",
            _whole(1)),
    Setting(StatementSetting.SINK_REPLICAS, None, "Replicas of sink topics without REPLICAS.",
            _whole(1)),
    Setting("ksql.schema.registry.url", None, "The schema registry of topics on Kafka.", _text,
            session=False),
    Setting("ksql.service.id", "default", "Names the groups, topics and state of the engine.",
            _text, session=False),
    Setting("linger.ms", "5", "How long a record waits for company before it is sent to Kafka.",
            _whole(), session=False),
    Setting("max.poll.records", "500", "Records fetched at once.", _whole(1)),
    Setting("max.timestamp.ahead.ms", "31622400000",
            "How far a record's time may be ahead of the clock; one beyond is dropped.", _whole()),
    Setting("processing.guarantee", "exactly_once_v2",
            "Every query is exactly-once; at_least_once is accepted and given the stronger one.",
            _one_of("exactly_once_v2", "exactly_once", "at_least_once")),
    Setting("replication.factor", None, "Replicas of topics that the engine creates.", _whole(1)),
    Setting("session.timeout.ms", "10000",
            "After which the partitions of a dead worker go to others.", _whole(100),
            session=False),
    Setting("state.dir", None, "Directory of the state of tasks on Kafka; empty: in memory.", _any,
            session=False),
    Setting("statestore.cache.max.bytes", str(10 * 1024 * 1024),
            "Size of the record cache and the buffers of all tasks of a worker; when they are full "
            "a commit is made early. 0 sends every update of a table downstream, else one for each "
            "key and commit.", _whole()),
    Setting("transaction.timeout.ms", "10000",
            "After which Kafka aborts what a dead worker left open.", _whole(1000), session=False),
)  # fmt: skip

SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _TABLE}

FIXED: Mapping[str, str] = {
    "ksql.create.or.replace.enabled": "false",
    "ksql.fail.on.deserialization.error": "false",
    "ksql.fail.on.production.error": "true",
    "ksql.headers.columns.enabled": "true",
    "ksql.insert.into.values.enabled": "true",
    "ksql.lambdas.enabled": "true",
    "ksql.nested.error.set.null": "true",
    "ksql.query.pull.enable.standby.reads": "false",
    "ksql.query.pull.limit.clause.enabled": "true",
    "ksql.query.pull.range.scan.enabled": "true",
    "ksql.query.pull.stream.enabled": "true",
    "ksql.query.pull.table.scan.enabled": "true",
    "ksql.query.push.v2.enabled": "false",
    "ksql.suppress.enabled": "true",
    "ksql.timestamp.throw.on.invalid": "false",
    "ksql.variable.substitution.enable": "true",
    "max.task.idle.ms": "0",
    "num.standby.replicas": "0",
    "num.stream.threads": "1",
}
"""What is as it is: these names accept the one value that describes it."""


def canonical(name: str) -> str:
    """Return the name as the tables have it: in lower case, without a streams prefix."""
    return plain_name(name.strip().lower())


def check(name: str, value: str, *, session: bool) -> str:
    """Return the canonical name of a setting, having looked at the value.

    Args:
        session: It is set by a statement, not when the engine opens.

    Raises:
        SettingError: There is no such setting, or it cannot have the value.
    """
    known = canonical(name)
    if known in FIXED:
        if value.strip().lower() != FIXED[known]:
            raise SettingError(
                f'setting "{known}" cannot be "{value}" in this version',
                f'It is always "{FIXED[known]}".',
            )
        return known
    if known.startswith((*CLIENT_PREFIXES, REGISTRY_PREFIX)) and not session:
        return known
    setting = SETTINGS.get(known)
    if setting is None:
        raise SettingError(f'setting "{name}" does not exist', suggestion(known))
    if session and not setting.session:
        raise SettingError(
            f'setting "{known}" cannot be changed by SET',
            "Set it when the engine starts: as an option, in the environment or in streamsql.toml.",
        )
    try:
        setting.check(value)
    except ValueError as error:
        raise SettingError(f'setting "{known}" cannot be "{value}"', f"It is {error}.") from error
    return known


def suggestion(name: str) -> str:
    """Return the hint for a name that does not exist."""
    close = difflib.get_close_matches(name, (*SETTINGS, *FIXED), 1)
    return f'Did you mean "{close[0]}"?' if close else "SHOW PROPERTIES lists the settings."


class SettingError(EngineError):
    """A setting does not exist or cannot have the value; ``hint`` says what would be right."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}: {hint}")
        self.message = message
        self.hint = hint
