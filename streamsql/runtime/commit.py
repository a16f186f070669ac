"""The commit: the only place where exactly-once lives.

1. the caller has stopped feeding the tasks;
2. caches are flushed through the processors;
3. who keeps the state takes the changes of the stores into the transaction, and the producer is
flushed: everything is acknowledged;
4. the broker commits outputs, changes of state and offsets in one step;
5. who keeps the state brings the changes to where they are read: with changelogs, each task's
changes and checkpoints go to its storage in one batch.

A crash before 4 loses only work. Between 4 and 5 the changelog's tail is replayed from the stored
checkpoint.
"""

from collections.abc import Sequence

from streamsql.broker.ports import Committed, Consumer, Producer, TopicPartition
from streamsql.runtime.failpoints import failpoint
from streamsql.runtime.keeping.port import StateKeeping
from streamsql.runtime.task import Task


def commit(
    tasks: Sequence[Task], producer: Producer, consumer: Consumer, keeping: StateKeeping
) -> None:
    """Commit what the tasks have done since their last commit.

    Raises:
        TransactionAborted: Nothing is committed, or it is not known: every task must be reopened.
        TaskFenced: Another worker has taken over.
        TaskCorrupted: All is committed; the storage of one task did not take it.
    """
    failpoint("begin")
    for task in tasks:
        task.flush()
    failpoint("caches-flushed")
    changes = [(task, task.pending()) for task in tasks]
    for task, pending in changes:
        keeping.save(task.id, pending, producer)
    failpoint("state-saved")
    producer.flush()
    failpoint("producer-flushed")
    ends = producer.ends()
    producer.commit(_offsets(tasks), consumer)
    failpoint("broker-committed")
    for task, pending in changes:
        keeping.committed(task.id, pending, ends)
        task.committed()
    failpoint("state-written")


def _offsets(tasks: Sequence[Task]) -> dict[TopicPartition, Committed]:
    offsets: dict[TopicPartition, Committed] = {}
    for task in tasks:
        offsets.update(task.offsets())
    return offsets
