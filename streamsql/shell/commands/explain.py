"""``streamsql explain``: what ``run`` of the same files would run. Nothing happens or is opened.

Topics that statements of the files make or fill are known by their declaration; of others nothing
is known, and their queries are shown as if they had several partitions.
"""

import argparse
from collections.abc import Sequence

from streamsql.broker.open import is_kafka
from streamsql.engine.configuration.address import find_broker
from streamsql.engine.planning.context import PlannerContext, first_catalog, read_script, text_of
from streamsql.engine.planning.planned import Planned, PlannedQuery
from streamsql.engine.planning.program import compile_program
from streamsql.engine.program_run import application_name
from streamsql.engine.statements.explain import explain_query
from streamsql.runtime.layout import changelogs, no_topics
from streamsql.shell.rendering.terminal import Terminal
from streamsql.sql.statements import (
    CreateAs,
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
    address = find_broker(settings=dict(options.settings))
    context = PlannerContext(
        first_catalog(address.config),
        address.config,
        dict(options.variables),
        partial=True,
        state_topics=changelogs if is_kafka(address.target) else no_topics,
        session="…",
        read_script=text_of,
    )
    texts = [read_script(path) for path in options.files]
    name = options.application or application_name(options.files, address.config)
    steps = [ExplainWhat[name] for name in options.steps or ()] or _DEFAULT
    for planned in compile_program(texts, context, name).statements:
        if planned.query is not None:
            terminal.write(_explained(planned, planned.query, steps))
    return 0


def _explained(planned: Planned, query: PlannedQuery, steps: Sequence[ExplainWhat]) -> str:
    title = _title(planned)
    parts = [f"{title}\n{'=' * len(title)}\n{planned.bound.text.strip()}\n"]
    for what in steps:
        lines = explain_query(query, what).strip("\n")
        parts.append(f"{_TITLES[what]}:\n{_indented(lines)}\n")
    return "\n".join(parts) + "\n"


def _title(planned: Planned) -> str:
    match planned.statement:
        case CreateAs(query_id=query_id) | InsertSelect(query_id=query_id):
            return f"Query {query_id}"
        case PushQuery():
            return "Push query"
        case PullQuery():
            return "Pull query"
        case _:
            return "EXPLAIN"


def _indented(lines: str) -> str:
    return "\n".join(f"  {line}" if line else "" for line in lines.split("\n"))
