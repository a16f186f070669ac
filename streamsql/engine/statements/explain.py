"""EXPLAIN: the value between any two steps from a statement to what runs."""

from streamsql.broker.ports import Broker
from streamsql.engine.applications.lowering import lay_out_on, output_topology, query_topology
from streamsql.engine.configuration.config import EngineConfig
from streamsql.engine.serving.nothing import SilentProducer
from streamsql.engine.serving.pull import pull_topology
from streamsql.errors import EngineError
from streamsql.logical.describe import describe as describe_plan
from streamsql.logical.optimize import optimize
from streamsql.runtime.build import build
from streamsql.runtime.build_stateful import Wiring
from streamsql.runtime.config import RuntimeConfig
from streamsql.runtime.environment import Environment
from streamsql.runtime.layout import Layout
from streamsql.runtime.metrics import Metrics
from streamsql.sql.statements import CreateAs, ExplainWhat, InsertSelect, PullQuery, PushQuery
from streamsql.state.memory import MemoryStorage
from streamsql.topology.describe import describe as describe_topology
from streamsql.topology.nodes import OffsetReset, Output
from streamsql.topology.topology import Topology, cut

Query = CreateAs | InsertSelect | PushQuery | PullQuery


def explain_query(statement: Query, what: ExplainWhat, broker: Broker, config: EngineConfig) -> str:
    """Return the value between two steps of the query, as text."""
    if what is ExplainWhat.PLAN:
        return describe_plan(statement.plan)
    if what is ExplainWhat.OPTIMIZED:
        return describe_plan(optimize(statement.plan))
    topology = topology_of(statement, config)
    try:
        layout = lay_out_on(broker, "explain", topology, config)
    except EngineError:
        layout = None  # a topic is still missing: shown as if there were several partitions
    return explain_topology(topology, layout, what)


def topology_of(statement: Query, config: EngineConfig) -> Topology:
    """Return the topology that carries the query out."""
    match statement:
        case CreateAs() | InsertSelect():
            return query_topology(statement, config)
        case PushQuery():
            topology, _ = output_topology(statement.plan, config.reset(OffsetReset.LATEST))
            return topology
        case PullQuery():
            topology, _ = pull_topology(statement)
            return topology


def explain_topology(topology: Topology, layout: Layout | None, what: ExplainWhat) -> str:
    """Return the operators, or the generated functions, of a topology."""
    running = topology if layout is None else layout.topology
    if what is ExplainWhat.CODE:
        return "\n\n".join(generated_code(running).values())
    lines = [describe_topology(running)]
    if layout is not None and layout.create:
        lines += ["Topics to be created"]
        lines += [
            f"  {topic.name} ({topic.partitions} partitions{', compacted' * topic.compacted})"
            for topic in layout.create
        ]
    return "\n".join(lines)


def generated_code(topology: Topology) -> dict[str, str]:
    """Return the source text of the functions that tasks of the topology run, by name."""
    outputs = {n.name: _ignore for n in topology.nodes.values() if isinstance(n, Output)}
    code: dict[str, str] = {}
    for part in cut(topology):
        environment = Environment(RuntimeConfig("explain"), SilentProducer(), Metrics(), outputs)
        code.update(build(topology, part, environment, Wiring(MemoryStorage(), {})).code)
    return code


def _ignore(*_: object) -> None:
    """Take a row that nobody reads."""
