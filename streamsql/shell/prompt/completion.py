"""What could stand at the cursor: a function of the text, the cursor and the names there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from streamsql.shell.prompt.lexemes import Lexeme, LexemeKind, last_statement, lexemes
from streamsql.sql.dialect.keywords import NONRESERVED, RESERVED
from streamsql.types.sqltypes import quote

_KEYWORDS = tuple(sorted(RESERVED | NONRESERVED))
_BEGINNINGS = (
    "ALTER", "ASSERT", "CREATE", "DEFINE", "DESCRIBE", "DROP", "EXPLAIN", "INSERT", "LIST",
    "PRINT", "RUN", "SELECT", "SET", "SHOW", "TERMINATE", "UNDEFINE", "UNSET",
)  # fmt: skip
_BEHIND: Mapping[str, tuple[str, ...]] = {
    "ALTER": ("STREAM", "TABLE"),
    "CREATE": ("OR", "SOURCE", "STREAM", "TABLE", "TYPE"),
    "DROP": ("STREAM", "TABLE", "TYPE"),
    "EMIT": ("CHANGES", "FINAL"),
    "GROUP": ("BY",),
    "INSERT": ("INTO",),
    "PARTITION": ("BY",),
    "RUN": ("SCRIPT",),
    "WINDOW": ("HOPPING", "SESSION", "TUMBLING"),
}
"""Words of which one must follow."""

_LISTED = ("FUNCTIONS", "PROPERTIES", "QUERIES", "STREAMS", "TABLES", "TOPICS", "TYPES")
_LISTED_BEHIND = {"LIST": _LISTED, "SHOW": (*_LISTED, "VARIABLES")}
_BEFORE_SOURCE = frozenset({"DESCRIBE", "FROM", "INTO", "JOIN"})
_SOURCE_KINDS = frozenset({"STREAM", "TABLE"})
_ENDS_ALIAS = frozenset(_KEYWORDS) - {"ID", "KEY", "TYPE"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that mean something now.

    Attributes:
        sources: The columns of each stream and table by its name.
        commands: What may stand at the beginning besides statements.
    """

    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    functions: Sequence[str] = ()
    topics: Sequence[str] = ()
    queries: Sequence[str] = ()
    commands: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What could stand at the cursor.

    Attributes:
        text: What would stand there.
        start: Where it begins: what is behind it up to the cursor is replaced.
        kind: ``keyword``, ``source``, ``column``, ``function``, ``topic``, ``query``, ``command``.
    """

    text: str
    start: int
    kind: str


def complete(text: str, cursor: int, vocabulary: Vocabulary) -> list[Proposal]:
    """Return what could stand at the cursor, likely things first."""
    parts = list(lexemes(text[:cursor]))
    if parts and not parts[-1].closed and parts[-1].kind is not LexemeKind.QUOTED:
        return []  # in a string, a comment or a variable
    before = last_statement(parts)
    typed = ""
    if parts and parts[-1].kind in {LexemeKind.WORD, LexemeKind.QUOTED}:
        typed = parts[-1].text
        before = before[:-1]
    whole = before + last_statement(list(lexemes(text[cursor:].split(";", 1)[0])))
    proposals = _proposals(before, whole, vocabulary, typed)
    start = cursor - len(typed)
    found = {_spelled(name, kind, typed): kind for name, kind in proposals if _fits(name, typed)}
    return [Proposal(name, start, kind) for name, kind in found.items() if name != typed]


def _proposals(
    before: list[Lexeme], whole: list[Lexeme], vocabulary: Vocabulary, typed: str
) -> list[tuple[str, str]]:
    """Return names with their kinds, whether or not they begin as typed."""
    if not before:
        return _of("command", vocabulary.commands) + _of("keyword", _BEGINNINGS)
    last = before[-1].text.upper()
    if last == "." and len(before) > 1:
        return _of("column", _columns(before[-2].text, whole, vocabulary))
    if last in _BEFORE_SOURCE or _drops(before):
        return _of("source", vocabulary.sources)
    if last == "PRINT" and len(before) == 1:
        return _of("topic", vocabulary.topics)
    if last == "TERMINATE" and len(before) == 1:
        return _of("query", vocabulary.queries) + _of("keyword", ("ALL",))
    words = _LISTED_BEHIND.get(last) if len(before) == 1 else None
    words = words or _BEHIND.get(last)
    if words is not None:
        return _of("keyword", words)
    columns = _of("column", _mentioned_columns(whole, vocabulary))
    if not typed:
        return columns
    return columns + _of("keyword", _KEYWORDS) + _of("function", vocabulary.functions)


def _drops(before: list[Lexeme]) -> bool:
    """Whether a source that exists is to be named: DROP STREAM, ALTER TABLE."""
    words = [part.text.upper() for part in before]
    if words[-2:] == ["IF", "EXISTS"]:
        words = words[:-2]
    return len(words) == 2 and words[0] in {"ALTER", "DROP"} and words[1] in _SOURCE_KINDS


def _aliases(whole: list[Lexeme], vocabulary: Vocabulary) -> dict[str, str]:
    """Return the sources that FROM, JOIN and INTO name, by alias and by name."""
    found: dict[str, str] = {}
    words = [_name(part.text) for part in whole]
    for place, word in enumerate(words[:-1]):
        source = words[place + 1]
        if word not in _BEFORE_SOURCE or source not in vocabulary.sources:
            continue
        found[source] = source
        behind = words[place + 2 : place + 4]
        if behind[:1] == ["AS"]:
            behind = behind[1:]
        if behind and behind[0] not in _ENDS_ALIAS and behind[0].isidentifier():
            found[behind[0]] = source
    return found


def _columns(alias: str, whole: list[Lexeme], vocabulary: Vocabulary) -> Sequence[str]:
    name = _name(alias)
    source = _aliases(whole, vocabulary).get(name, name)
    return vocabulary.sources.get(source, ())


def _mentioned_columns(whole: list[Lexeme], vocabulary: Vocabulary) -> list[str]:
    """Return the columns of the sources that the statement names; of all when it names none."""
    sources = dict.fromkeys(_aliases(whole, vocabulary).values()) or vocabulary.sources
    return list(dict.fromkeys(column for name in sources for column in vocabulary.sources[name]))


def _of(kind: str, names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, kind) for name in names]


def _name(text: str) -> str:
    """Return the name that a word, quoted or not, stands for."""
    if text[0] in '`"':
        return text.strip(text[0])
    return text.upper()


def _fits(name: str, typed: str) -> bool:
    return name.upper().startswith(typed.strip('`"').upper())


def _spelled(name: str, kind: str, typed: str) -> str:
    """Return the name as it is to be written: in the case that was typed, quoted where needed."""
    if typed[:1] == "`":
        return f"`{name}`"
    if kind in {"source", "column"}:
        name = quote(name)
    if kind == "topic" or name.startswith("`"):
        return name
    return name.lower() if typed and typed == typed.lower() else name
