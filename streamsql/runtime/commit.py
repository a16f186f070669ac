"""The commit: the only place where exactly-once lives.

1. the caller has stopped feeding the tasks;
2. caches are flushed through the processors;
3. changes of the stores go to the changelogs, and the producer is flushed: everything is
acknowledged; 4. the broker commits outputs, changelogs and offsets in one step (and the state, if
it keeps it); 5. each task writes its changes and their changelog checkpoints in one batch.

A crash before 4 loses only work. Between 4 and 5 the changelog's tail is replayed from the stored
checkpoint.
"""

from collections.abc import Mapping, Sequence

from streamsql.broker.ports import Committed, Consumer, Producer, StateChanges, TopicPartition
from streamsql.runtime.failpoints import failpoint
from streamsql.runtime.layout import changelog_topic
from streamsql.runtime.task import Task, state_name
from streamsql.state.storage import Changes

CHECKPOINT = "checkpoint/"
"""Prefix of the meta entries that hold, by changelog topic, the next offset to restore from."""


def commit(
    tasks: Sequence[Task], producer: Producer, consumer: Consumer, *, application: str, logged: bool
) -> None:
    """Commit what the tasks have done since their last commit.

    Args:
        logged: State goes to changelogs and the tasks' storages; else the broker keeps it.

    Raises:
        TransactionAborted: Nothing is committed, or it is not known: every task must be reopened.
        TaskFenced: Another worker has taken over.
    """
    failpoint("begin")
    for task in tasks:
        task.flush()
    failpoint("caches-flushed")
    changes = [(task, task.pending()) for task in tasks]
    if logged:
        for task, pending in changes:
            _log(task, pending, producer, application)
        failpoint("changelog-sent")
    producer.flush()
    failpoint("producer-flushed")
    checkpoints = producer.ends()
    producer.commit(_offsets(tasks), consumer, () if logged else _state(changes, application))
    failpoint("broker-committed")
    for task, pending in changes:
        if logged:
            task.committed(pending, _checkpoints(task, pending, checkpoints, application))
        else:
            task.committed({}, {})
    failpoint("state-written")


def _log(task: Task, pending: dict[str, Changes], producer: Producer, application: str) -> None:
    """Send the changes to the changelogs of the stores."""
    for store, changes in pending.items():
        target = TopicPartition(changelog_topic(application, store), task.id.partition)
        for key, value in changes.items():
            producer.send_to(target, key, value, 0)


def _offsets(tasks: Sequence[Task]) -> dict[TopicPartition, Committed]:
    offsets: dict[TopicPartition, Committed] = {}
    for task in tasks:
        offsets.update(task.offsets())
    return offsets


def _state(
    changes: Sequence[tuple[Task, dict[str, Changes]]], application: str
) -> list[StateChanges]:
    return [
        StateChanges(state_name(application, task.id), pending)
        for task, pending in changes
        if pending
    ]


def _checkpoints(
    task: Task,
    pending: dict[str, Changes],
    ends: Mapping[TopicPartition, int],
    application: str,
) -> dict[str, bytes]:
    """Return the meta entries for the changelogs written."""
    meta = {}
    for store in pending:
        topic = changelog_topic(application, store)
        end = ends[TopicPartition(topic, task.id.partition)]
        meta[CHECKPOINT + topic] = str(end).encode()
    return meta
