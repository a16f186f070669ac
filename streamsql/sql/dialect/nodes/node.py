"""What all syntax nodes have: a place in the text, arguments of known classes, classes of our own.

A tree is sqlglot's: its classes, with its names of arguments and its shapes, wherever it has them
(``Select``, ``Join``, ``Between``, ``Cast`` …), so that the whole of sqlglot works on it. What it
has nothing for is a :class:`Node` of ours, in :mod:`streamsql.sql.dialect.nodes.clauses` and
:mod:`streamsql.sql.dialect.nodes.statements`.

Each node knows the stretch of the submitted text it was read from: :func:`span`. An identifier is
the name in its final case: upper-cased unless ``quoted``.
"""

from typing import Any, ClassVar, NoReturn, TypeVar, dataclass_transform

from sqlglot import exp
from sqlglot.errors import UnsupportedError

from streamsql.errors import Span
from streamsql.sql.dialect.purity import require_pure_python

require_pure_python()  # before any class of sqlglot's is extended

_SPAN = "span"
_REQUIRED = object()

N = TypeVar("N", bound=exp.Expr)


def span(node: exp.Expr) -> Span:
    """Return the stretch of the submitted text that the node was read from."""
    found = node.meta.get(_SPAN)
    assert isinstance(found, Span), f"{type(node).__name__} was not made by the parser"
    return found


def place(node: exp.Expr, where: Span) -> None:
    """Note where the node was read from; the parser's business alone."""
    node.meta[_SPAN] = where


def optional(node: exp.Expr, name: str, kind: type[N]) -> N | None:
    """Return an argument of the class, ``None`` where there is none."""
    found = node.args.get(name)
    if found is None:
        return None
    assert isinstance(found, kind), f"{name} of {type(node).__name__} is {type(found).__name__}"
    return found


def required(node: exp.Expr, name: str, kind: type[N]) -> N:
    """Return an argument that is always there."""
    found = optional(node, name, kind)
    assert found is not None, f"{type(node).__name__} has no {name}"
    return found


def several(node: exp.Expr, name: str, kind: type[N]) -> list[N]:
    """Return an argument that is a list; an empty one where there is none."""
    found = node.args.get(name) or []
    assert all(isinstance(part, kind) for part in found), f"{name} of {type(node).__name__}"
    return list(found)


class _Argument:
    """A field of a node; its value lives in the ``args`` of the sqlglot expression."""

    __slots__ = ("default", "name")

    def __init__(self, default: object) -> None:
        self.default = default
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, node: exp.Expr | None, owner: type) -> object:
        return self if node is None else node.args.get(self.name, self.default)


def argument(*, default: object = _REQUIRED) -> Any:
    """Declare a field of a node; one without a default must be given."""
    return _Argument(default)


@dataclass_transform(kw_only_default=True, field_specifiers=(argument,))
class Node(exp.Expression, exp.Func):
    """A syntax node of ours: fields are declared like those of a dataclass.

    No other dialect has what it stands for. To sqlglot it is a function, because a generator asks
    a function that it does not know for its name: this one refuses, instead of being left out.
    """

    arg_types: ClassVar[dict[str, bool]] = {}
    words: ClassVar[str] = ""
    _hash_raw_args = True

    def __init_subclass__(cls, *, words: str = "", **kwargs: Any) -> None:
        own = {
            name: value.default is _REQUIRED
            for name, value in vars(cls).items()
            if isinstance(value, _Argument)
        }
        cls.arg_types = {**cls.arg_types, **own}
        cls.words = words or cls.words
        super().__init_subclass__(**kwargs)

    @classmethod
    def sql_name(cls) -> NoReturn:
        """Refuse to be printed by another dialect.

        Raises:
            UnsupportedError: Always; it is sqlglot's, for sqlglot's callers.
        """
        raise UnsupportedError(f"{cls.words or cls.__name__} has no equivalent in other dialects")
