"""Two transactional ids per identity, used in turns.

A producer that starts on the id of a predecessor killed in the middle of a transaction waits at
least 500 ms for the abort: librdkafka's retry interval is not configurable. So each incarnation
starts on the *other* of two slots, ``<identity>-s0`` and ``-s1``, and fences the predecessor's in
the background. Until that has happened, the group's generation and the pending offsets, which its
committed positions wait for, keep the two apart.
"""

import contextlib
import hashlib
import logging
import threading
from pathlib import Path

from confluent_kafka import KafkaException, Producer

from streamsql.broker.kafka.errors import error_of, map_error, mapped
from streamsql.broker.kafka.persist import persist_watched
from streamsql.broker.kafka.settings import KafkaSettings, client_log
from streamsql.broker.kafka.watchdog import Watchdog

_PROBE_SECONDS = 0.25
"""How long the first slot tried may take when it is not known which one the predecessor used."""

_CALL_SECONDS = 10.0
"""How long one call may take to make a producer ready: it is made again then."""

_log = logging.getLogger(__name__)


class Slots:
    """The two transactional ids of one identity in this process."""

    def __init__(self, settings: KafkaSettings, identity: str, watchdog: Watchdog) -> None:
        self._settings = settings
        self._identity = identity
        self._watchdog = watchdog
        self._note = _note_path(settings.state_directory, identity)
        self._last = _read_note(self._note)
        self._fencing: threading.Thread | None = None
        self._timeout_seconds = settings.connect_timeout_ms / 1000

    @classmethod
    def forget(cls, settings: KafkaSettings, application: str) -> None:
        """Delete the notes of the application's producers, and perhaps of some that can do without.

        Of an application whose name goes on where this one's ends.
        """
        directory = settings.state_directory
        if directory is not None and directory.exists():
            for note in directory.glob("slot-*"):
                if note.is_file() and _noted_identity(note).startswith(f"{application}-"):
                    note.unlink()

    def next(self, timeout_ms: int) -> Producer:
        """Return a new producer, ready for transactions, and fence the other slot.

        EngineError when Kafka does not answer in time.
        """
        self._timeout_seconds = timeout_ms / 1000
        if self._fencing is not None:
            self._fencing.join()  # or it would fence the slot taken now
            self._fencing = None
        if self._last is None:
            return self._find()
        return self._take(1 - self._last, self._producer(1 - self._last))

    def wait_fenced(self) -> None:
        """Return when the other slot is fenced, or cannot be."""
        if self._fencing is not None:
            self._fencing.join()

    def _find(self) -> Producer:
        """Take slot 0 unless it is slow to come, as it is when a predecessor left it open."""
        first = self._producer(0)
        with contextlib.suppress(KafkaException):
            first.init_transactions(_PROBE_SECONDS)
            return self._taken(0, first, self._producer(1))
        return self._take(1, self._producer(1), first)

    def _take(self, slot: int, producer: Producer, other: Producer | None = None) -> Producer:
        self._initialize(producer)
        return self._taken(slot, producer, other or self._producer(1 - slot))

    def _taken(self, slot: int, producer: Producer, other: Producer) -> Producer:
        self._last = slot
        if self._note is not None:
            self._note.parent.mkdir(parents=True, exist_ok=True)
            self._note.write_text(f"{slot} {self._identity}")
        self._fencing = threading.Thread(
            target=self._fence, args=(other,), name="streamsql-fence", daemon=True
        )
        self._fencing.start()
        return producer

    def _initialize(self, producer: Producer) -> None:
        doing = f'start transactions of "{self._identity}"'
        with mapped(doing):
            persist_watched(
                self._watchdog,
                doing,
                producer.init_transactions,
                self._timeout_seconds,
                longest=_CALL_SECONDS,
            )

    def _fence(self, producer: Producer) -> None:
        timeout_seconds = 3 * self._settings.transaction_timeout_ms / 1000
        try:
            producer.init_transactions(timeout_seconds)
        except KafkaException as exception:
            # The transaction there ends by its timeout then.
            _log.warning("other slot of %s not fenced: %s", self._identity, exception)

    def _producer(self, slot: int) -> Producer:
        config = self._settings.producer(f"{self._identity}-s{slot}")
        try:
            return Producer(config, logger=client_log)
        except KafkaException as exception:
            raise map_error(error_of(exception), "set up a producer") from exception


def _note_path(directory: Path | None, identity: str) -> Path | None:
    if directory is None:
        return None
    return directory / f"slot-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"


def _read_note(path: Path | None) -> int | None:
    if path is None or not path.exists():
        return None
    slot = path.read_text().partition(" ")[0]
    return int(slot) if slot in {"0", "1"} else None


def _noted_identity(path: Path) -> str:
    return path.read_text().partition(" ")[2]
