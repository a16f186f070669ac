from streamsql.catalog.catalog import Catalog as Catalog
from streamsql.engine.compiler import parse as parse
from streamsql.engine.compiler import plan as plan
from streamsql.engine.connect import connect as connect
from streamsql.engine.engine import Engine as Engine
from streamsql.engine.results import Result as Result
from streamsql.engine.results import ResultKind as ResultKind
from streamsql.engine.results import Row as Row
from streamsql.errors import BindError as BindError
from streamsql.errors import DecodeError as DecodeError
from streamsql.errors import EngineError as EngineError
from streamsql.errors import EvaluationError as EvaluationError
from streamsql.errors import ParseError as ParseError
from streamsql.errors import RecordError as RecordError
from streamsql.errors import Span as Span
from streamsql.errors import StatementError as StatementError
from streamsql.errors import StreamSQLError as StreamSQLError
from streamsql.errors import UnsupportedError as UnsupportedError
from streamsql.streams.builder import StreamsBuilder as StreamsBuilder
from streamsql.topology.topology import Topology as Topology

__all__ = [
    "BindError",
    "Catalog",
    "DecodeError",
    "Engine",
    "EngineError",
    "EvaluationError",
    "ParseError",
    "RecordError",
    "Result",
    "ResultKind",
    "Row",
    "Span",
    "StatementError",
    "StreamSQLError",
    "StreamsBuilder",
    "Topology",
    "UnsupportedError",
    "connect",
    "parse",
    "plan",
]
