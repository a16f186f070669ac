"""A random life of a store beside a plain dict: writes, commits, aborts, restarts.

A machine for one kind of store has ``make`` (opens it), its own rules, and ``check`` (compares what
it reads with ``current``). hypothesis prints the steps of a failure, and the seed.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from streamsql.state.memory import MemoryStorage
from streamsql.state.rocksdb import RocksStorage
from streamsql.state.storage import LocalStorage

STORE = "store"
QUICK = settings(
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
ON_DISK = settings(QUICK, max_examples=12)


class StoreMachine(RuleBasedStateMachine):
    """Commits, aborts and restarts of any store; ``current`` is what it should hold."""

    on_disk: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="streamsql-state-"))
        self.storage: LocalStorage = self.open_storage()
        self.store: Any = self.make(self.storage)
        self.current: dict[Any, Any] = {}
        self.durable: dict[Any, Any] = {}
        self.bound = self.durable_bound = 0
        self.commits = 0

    def make(self, storage: LocalStorage) -> Any:
        """Open the store."""
        raise NotImplementedError

    def check(self) -> None:
        """Compare what the store reads with ``current``."""
        raise NotImplementedError

    def read_all(self) -> None:
        """Read everything in another way than ``check`` does; done after aborts and restarts."""

    def open_storage(self) -> LocalStorage:
        """Open the storage of the machine."""
        return RocksStorage(self.directory, [STORE]) if self.on_disk else MemoryStorage()

    @invariant()
    def holds_what_was_written(self) -> None:
        self.check()

    @rule()
    def commit(self) -> None:
        self.commits += 1
        self.storage.write({STORE: self.store.pending()}, {"commits": b"%d" % self.commits})
        self.store.committed()
        self.durable = dict(self.current)
        self.durable_bound = self.bound
        assert self.store.pending() == {}

    @rule()
    def abort(self) -> None:
        self.store = self.make(self.storage)
        self.return_to_commit()

    @rule()
    def restart(self) -> None:
        if self.on_disk:
            self.storage.close()
            self.storage = self.open_storage()
        self.store = self.make(self.storage)
        self.return_to_commit()
        stored = self.storage.meta("commits")
        assert stored == (b"%d" % self.commits if self.commits else None)

    def return_to_commit(self) -> None:
        """Make ``current`` what was committed; the bound is the caller's to raise again."""
        self.current = dict(self.durable)
        self.bound = self.durable_bound
        if self.bound:
            self.store.expire(self.bound)
        self.read_all()

    def teardown(self) -> None:
        self.storage.close()
        shutil.rmtree(self.directory)
