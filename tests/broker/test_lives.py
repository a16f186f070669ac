"""The tables of states: what may happen, and what is refused in which words."""

import pytest

from streamsql.broker.groups import Group, Member, MemberEvent
from streamsql.broker.ports import TopicPartition
from streamsql.broker.transactions import (
    TRANSITIONS,
    TransactionEvent,
    TransactionLife,
    TransactionState,
)
from streamsql.errors import TaskFenced, TransactionAborted


def test_every_state_of_a_transaction_can_be_reached_and_all_but_one_lead_back() -> None:
    for state, moves in TRANSITIONS.items():
        reached = {state}
        while more := {to for at in reached for to in TRANSITIONS[at].values()} - reached:
            reached |= more
        assert (TransactionState.IDLE in reached) == (state is not TransactionState.FENCED)
        assert TransactionEvent.LOSE in moves, "a call can fail at any time"
    assert {to for moves in TRANSITIONS.values() for to in moves.values()} == set(TransactionState)


@pytest.mark.parametrize(
    ("trouble", "error", "message"),
    [
        (TransactionEvent.DOOM, TransactionAborted, 'the transaction of "p" must be aborted first'),
        (TransactionEvent.LOSE, TransactionAborted, 'the transaction of "p" must be aborted first'),
        (TransactionEvent.FENCE, TaskFenced, 'another producer took over the identity "p"'),
    ],
)
def test_after_trouble_nothing_is_begun_or_committed(
    trouble: TransactionEvent, error: type[Exception], message: str
) -> None:
    life = TransactionLife("p")
    life.move(TransactionEvent.BEGIN)
    life.move(trouble)
    for event in (TransactionEvent.BEGIN, TransactionEvent.COMMIT):
        with pytest.raises(error) as refused:
            life.move(event)
        assert str(refused.value) == message


def test_an_abort_that_fails_needs_a_new_client_even_when_it_finds_another_owner() -> None:
    life = TransactionLife("p")
    for event in (TransactionEvent.BEGIN, TransactionEvent.ABORT, TransactionEvent.FENCE):
        life.move(event)
    assert life.state is TransactionState.SPENT


def test_a_member_cannot_join_before_it_is_called() -> None:
    group = Group("g", lambda _topic: 1, lambda: 0, 1_000)
    member = Member(group, "m", ["t"], _Nobody())
    with pytest.raises(AssertionError, match="a member new cannot join"):
        member.move(MemberEvent.JOIN)
    group.add(member)
    member.step()
    assert member.partitions == (TopicPartition("t", 0),)


class _Nobody:
    def assigned(self, partitions: object) -> None: ...

    def revoked(self, partitions: object) -> None: ...

    def lost(self, partitions: object) -> None: ...
