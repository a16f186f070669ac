"""``streamsql explain``: what the queries of files would run. Nothing happens, nothing is opened.

Topics that statements of the files make or fill are known by their declaration; of others nothing
is known, and their queries are shown as if they had several partitions.
"""

import argparse
from collections.abc import Sequence
from contextlib import suppress

from streamsql.broker.ports import Broker
from streamsql.broker.simulated.broker import SimulatedBroker
from streamsql.catalog.catalog import Catalog
from streamsql.engine.applications.lowering import lay_out_on, source_topic
from streamsql.engine.binding import Step, Surroundings, bind_text
from streamsql.engine.configuration.config import load_config
from streamsql.engine.engine import read_script
from streamsql.engine.statements.explain import explain_query, topology_of
from streamsql.errors import EngineError, StatementError
from streamsql.expr.builtins import builtins
from streamsql.shell.rendering.terminal import Terminal
from streamsql.sql.statements import (
    CreateAs,
    CreateSource,
    ExplainWhat,
    InsertSelect,
    PullQuery,
    PushQuery,
)

_DEFAULT = (ExplainWhat.PLAN, ExplainWhat.TOPOLOGY)
_TITLES = {
    ExplainWhat.PLAN: "Plan",
    ExplainWhat.OPTIMIZED: "Optimized plan",
    ExplainWhat.TOPOLOGY: "Topology",
    ExplainWhat.CODE: "Code",
}


def explain(options: argparse.Namespace, terminal: Terminal) -> int:
    """Explain the queries of the files; return the exit status."""
    config = load_config(dict(options.settings))
    functions = builtins({name: int(value) for name, value in config.limits().items()})
    surroundings = Surroundings(Catalog(functions=functions), config, dict(options.variables))
    wishes = [ExplainWhat[name] for name in options.steps or ()] or _DEFAULT
    broker = SimulatedBroker()
    for path in options.files:
        text = read_script(path)
        for step in bind_text(text, surroundings):
            try:
                terminal.write(_explained(step, wishes, broker))
            except StatementError as error:
                error.span = error.span or step.bound.span
                error.attach(text)
                raise
            surroundings = step.after
    return 0


def _explained(step: Step, wishes: Sequence[ExplainWhat], broker: Broker) -> str:
    """Return the text about a statement, empty if it is no query; make the topics it makes."""
    statement = step.bound.statement
    config = step.before.config
    if isinstance(statement, CreateSource):
        topic = source_topic(statement, config)
        if topic is not None and topic.name not in broker.topics():
            broker.create([topic])
        return ""
    if not isinstance(statement, CreateAs | InsertSelect | PushQuery | PullQuery):
        return ""
    parts = [_heading(statement)]
    for what in wishes:
        lines = explain_query(statement, what, broker, config).strip("\n")
        parts.append(f"{_TITLES[what]}:\n{_indented(lines)}\n")
    with suppress(EngineError):  # a topic is missing: its partitions are not known
        broker.create(lay_out_on(broker, "explain", topology_of(statement, config), config).create)
    return "\n".join(parts) + "\n"


def _heading(statement: CreateAs | InsertSelect | PushQuery | PullQuery) -> str:
    """Return a line with the query's name, and its text."""
    if isinstance(statement, CreateAs | InsertSelect):
        title = f"Query {statement.query_id}"
    else:
        title = "Push query" if isinstance(statement, PushQuery) else "Pull query"
    return f"{title}\n{'=' * len(title)}\n{statement.text.strip()}\n"


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in lines.split("\n"))
