"""Stretches as functions."""

from streamsql.codegen.module import Module, printable
from streamsql.codegen.namespace import Namespace, identifier
from streamsql.codegen.sources import SourceLoop
from streamsql.codegen.stages import generate_stage
from streamsql.codegen.stretch import (
    CompiledFunction,
    SourceInput,
    StreamInput,
    Stretch,
    TableInput,
)
from streamsql.codegen.tables import TableStage


def generate(stretch: Stretch, namespace: Namespace | None = None) -> CompiledFunction:
    """Return the function of a stretch; its signature depends on the kind of input.

    ``source(messages)``, ``stage(key, value, timestamp)`` or ``stage(key, new, old, timestamp)``.
    """
    module = Module(stretch.name, namespace or Namespace())
    kind = "source" if isinstance(stretch.input, SourceInput) else "stage"
    name = module.namespace.function(f"{identifier(printable(stretch.name)).lower()}_{kind}")
    match stretch.input:
        case SourceInput() as source:
            SourceLoop(module, stretch, source, name).generate()
        case StreamInput() as stream:
            generate_stage(module, stretch, stream, name)
        case TableInput() as table:
            TableStage(module, stretch, table, name).generate()
    function = module.load()[name]
    return CompiledFunction(name, module.source(), module.filename, function)
