"""The log of one partition of the simulated broker, laid out as Kafka does it.

A transactional record takes its offset when it is sent; readers of committed records stop at the
first record of an open transaction (the *last stable offset*), skip the records of aborted ones and
step over the control record that ends each transaction. So offsets have gaps, as in Kafka.
"""

from collections.abc import Sequence
from enum import Enum

from streamsql.broker.errors import out_of_range
from streamsql.broker.message import StoredMessage
from streamsql.broker.ports import Message, TopicConfig, TopicPartition
from streamsql.types.record import Header


class TransactionStatus(Enum):
    """What has become of a transaction."""

    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Transaction:
    """The records of one producer between two commits."""

    __slots__ = ("logs", "status")

    def __init__(self) -> None:
        self.status = TransactionStatus.OPEN
        self.logs: dict[PartitionLog, None] = {}

    def end(self, status: TransactionStatus) -> None:
        """Decide the transaction and write its control records."""
        self.status = status
        for log in self.logs:
            log.end_transaction(self)


class PartitionLog:
    """Records in offset order; ``None`` where there is a control record or a gap."""

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.start = 0
        self._entries: list[StoredMessage | None] = []
        self._transactions: list[Transaction | None] = []
        self._open: dict[Transaction, int] = {}

    def append(
        self,
        record: tuple[bytes | None, bytes | None, int],
        headers: Sequence[Header],
        transaction: Transaction | None,
    ) -> int:
        """Append (key, value, timestamp_ms) and return its offset."""
        offset = self.high_watermark()
        if transaction is not None and transaction not in self._open:
            self._open[transaction] = offset
            transaction.logs[self] = None
        topic, number = self.partition
        self._entries.append(StoredMessage((topic, number, offset, *record, headers or None)))
        self._transactions.append(transaction)
        return offset

    def end_transaction(self, transaction: Transaction) -> None:
        """Append the control record of a decided transaction."""
        del self._open[transaction]
        self._entries.append(None)
        self._transactions.append(None)

    def high_watermark(self) -> int:
        """Return the offset of the next record."""
        return self.start + len(self._entries)

    def last_stable_offset(self) -> int:
        """Return the first offset that is not decided yet."""
        return min(self._open.values(), default=self.high_watermark())

    def read(self, offset: int, max_records: int) -> tuple[list[Message], int]:
        """Return committed records from the offset on, and the position behind them."""
        if not self.start <= offset <= self.high_watermark():
            raise out_of_range(self.partition, offset, self.start, self.high_watermark())
        stable = self.last_stable_offset()
        messages: list[Message] = []
        while offset < stable and len(messages) < max_records:
            index = offset - self.start
            entry, transaction = self._entries[index], self._transactions[index]
            if entry is not None and (
                transaction is None or transaction.status is TransactionStatus.COMMITTED
            ):
                messages.append(entry)
            offset += 1
        return messages, offset

    def purge(self, before: int) -> None:
        """Drop the records before the offset."""
        count = min(before, self.last_stable_offset()) - self.start
        if count > 0:
            del self._entries[:count], self._transactions[:count]
            self.start += count

    def compact(self) -> None:
        """Keep only the last decided record of each key, and no tombstones."""
        stable = self.last_stable_offset() - self.start
        kept: set[bytes | None] = set()
        for index in range(stable - 1, -1, -1):
            entry, transaction = self._entries[index], self._transactions[index]
            aborted = transaction is not None and transaction.status is TransactionStatus.ABORTED
            if entry is None or aborted:
                self._entries[index] = None
            elif entry.key() in kept or entry.value() is None:
                self._entries[index] = None
                kept.add(entry.key())
            else:
                kept.add(entry.key())


class TopicLog:
    """The partitions of one topic."""

    def __init__(self, config: TopicConfig) -> None:
        self.config = config
        self.partitions = [
            PartitionLog(TopicPartition(config.name, number)) for number in range(config.partitions)
        ]
