"""What becomes of the errors of confluent-kafka: the only place where they are mapped.

| signal | mapped to |
|---|---|
| the identity or instance was taken over, or the client is dead | TaskFenced |
| the transaction must be aborted, or its outcome is not known | TransactionAborted |
| it does not answer | BrokerUnreachable |
| not allowed, no such topic, anything else | EngineError, one clear line |

Calls that may be made again are made again in ``persist``, until the caller's time is up.
"""

# ruff: noqa: SLF001 - the library names the constants of its own errors with an underscore

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from streamsql.errors import (
    BrokerUnreachable,
    EngineError,
    StreamSQLError,
    TaskFenced,
    TransactionAborted,
)

_TAKEN_OVER = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)
_UNREACHABLE = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
        KafkaError._WAIT_COORD,
    }
)
_REFUSED = frozenset(
    {
        KafkaError._AUTHENTICATION,
        KafkaError._SSL,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
_NO_TOPIC = frozenset(
    {
        KafkaError._UNKNOWN_PARTITION,
        KafkaError._UNKNOWN_TOPIC,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
    }
)
_TOO_LARGE = frozenset({KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE})
_REASONS = (
    (_REFUSED, "Kafka refuses it"),
    (_NO_TOPIC, "the topic or partition does not exist"),
    (_TOO_LARGE, "the record is larger than Kafka takes"),
)
_PASSING = _UNREACHABLE | {
    KafkaError._MAX_POLL_EXCEEDED,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.FENCED_LEADER_EPOCH,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.UNKNOWN_LEADER_EPOCH,
}


def error_of(exception: KafkaException) -> KafkaError:
    """Return the error that an exception carries."""
    error = exception.args[0]
    assert isinstance(error, KafkaError)
    return error


def is_fatal(error: KafkaError) -> bool:
    """Whether the client that reported the error is dead.

    One that arrives as a consumed message has the code ``_FATAL``, but is not marked fatal.
    """
    return bool(error.fatal()) or error.code() == KafkaError._FATAL


def is_taken_over(error: KafkaError) -> bool:
    """Whether somebody else uses the identity now (or the coordinator has given it up)."""
    return error.code() in _TAKEN_OVER


def is_end(error: KafkaError) -> bool:
    """Whether the "error" is the news that a partition is read to its end."""
    return error.code() == KafkaError._PARTITION_EOF


def is_out_of_range(error: KafkaError) -> bool:
    """Whether a position is not in the log any more."""
    return error.code() == KafkaError._AUTO_OFFSET_RESET


def is_wrong_state(error: KafkaError) -> bool:
    """Whether a call came before its time: no transaction begun, no fetcher started."""
    return error.code() == KafkaError._STATE


def is_no_topic(error: KafkaError) -> bool:
    """Whether the topic does not exist."""
    return error.code() in _NO_TOPIC


def is_refused(error: KafkaError) -> bool:
    """Whether Kafka does not let us in."""
    return error.code() in _REFUSED


def is_all_down(error: KafkaError) -> bool:
    """Whether the error only sums up that no broker answers."""
    return error.code() == KafkaError._ALL_BROKERS_DOWN


def is_undecided(error: KafkaError) -> bool:
    """Whether a transactional call ended without an outcome."""
    return is_fatal(error) or is_retriable(error) or error.code() == KafkaError._TIMED_OUT


def is_passing(error: KafkaError) -> bool:
    """Whether the error goes away by itself: the client goes on, or the call can be made again."""
    return error.code() in _PASSING


def is_retriable(error: KafkaError) -> bool:
    """Whether librdkafka says of a transactional call that it can be made again."""
    return bool(error.retriable())


def map_error(error: KafkaError, doing: str) -> StreamSQLError:
    """Return our error for Kafka's.

    Args:
        error: Kafka's.
        doing: What was being done, for the message: 'commit transaction "x"'.
    """
    text = error.str()
    if is_taken_over(error):
        return TaskFenced(f"cannot {doing}: another instance took over ({text})")
    if error.txn_requires_abort():
        return TransactionAborted(f"cannot {doing}: {text}")
    if is_fatal(error):
        return TaskFenced(f"cannot {doing}: the Kafka client is dead ({text})")
    if error.code() in _UNREACHABLE:
        return _unreachable(doing, text)
    for codes, reason in _REASONS:
        if error.code() in codes:
            return EngineError(f"cannot {doing}: {reason} ({text})")
    return EngineError(f"cannot {doing}: {text}")


@contextmanager
def mapped(doing: str) -> Iterator[None]:
    """Raise Kafka's exceptions as ours."""
    try:
        yield
    except KafkaException as exception:
        raise map_error(error_of(exception), doing) from exception
    except TimeoutError as late:
        raise _unreachable(doing, "timed out") from late


def _unreachable(doing: str, reason: str) -> BrokerUnreachable:
    return BrokerUnreachable(f"cannot {doing}: Kafka does not answer ({reason})")
