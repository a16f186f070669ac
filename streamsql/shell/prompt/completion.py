"""What could stand at the cursor: a function of the text, the cursor and the names there are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

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
        applications: The same of the sources of each other application.
        commands: What may stand at the beginning besides statements.
    """

    sources: Mapping[str, Sequence[str]] = field(default_factory=dict)
    applications: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
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
        kind: ``keyword``, ``source``, ``application``, ``column``, ``function``, ``topic``,
            ``query``, ``command``.
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
        if _reads(before[:-2]):
            return _of("source", vocabulary.applications.get(_exact(before[-2].text), ()))
        return _of("column", _columns(before[-2].text, whole, vocabulary))
    if _drops(before):
        return _of("source", vocabulary.sources)
    if _reads(before):
        others = vocabulary.applications
        foreign = (name for sources in others.values() for name in sources)
        return _of("source", (*vocabulary.sources, *foreign)) + _of("application", others)
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


def _reads(before: list[Lexeme]) -> bool:
    """Whether a source of any application is to be named: behind FROM, JOIN, INTO."""
    return bool(before) and before[-1].text.upper() in _BEFORE_SOURCE


def _drops(before: list[Lexeme]) -> bool:
    """Whether an own source is to be named: behind DROP STREAM, ALTER TABLE."""
    words = [part.text.upper() for part in before]
    if words[-2:] == ["IF", "EXISTS"]:
        words = words[:-2]
    return len(words) == 2 and words[0] in {"ALTER", "DROP"} and words[1] in _SOURCE_KINDS


def _aliases(whole: list[Lexeme], vocabulary: Vocabulary) -> dict[str, Sequence[str]]:
    """Return the columns of what FROM, JOIN and INTO name, by alias and by name."""
    found: dict[str, Sequence[str]] = {}
    words = [_name(part.text) for part in whole]
    for place, word in enumerate(words[:-1]):
        if word not in _BEFORE_SOURCE:
            continue
        end = place + (4 if words[place + 2 : place + 3] == ["."] else 2)
        application = _exact(whole[place + 1].text) if end > place + 2 else ""
        source = words[min(end, len(words)) - 1]
        columns = _columns_of(source, application, vocabulary)
        if columns is None:
            continue
        found[source] = columns
        behind = words[end : end + 2]
        if behind[:1] == ["AS"]:
            behind = behind[1:]
        if behind and behind[0] not in _ENDS_ALIAS and behind[0].isidentifier():
            found[behind[0]] = columns
    return found


def _columns_of(source: str, application: str, vocabulary: Vocabulary) -> Sequence[str] | None:
    """Return the columns of a source; it is the first that is found when none is named with it."""
    if application:
        return vocabulary.applications.get(application, {}).get(source)
    known = (vocabulary.sources, *vocabulary.applications.values())
    return next((sources[source] for sources in known if source in sources), None)


def _columns(alias: str, whole: list[Lexeme], vocabulary: Vocabulary) -> Sequence[str]:
    name = _name(alias)
    named = _aliases(whole, vocabulary).get(name)
    return named or _columns_of(name, "", vocabulary) or ()


def _mentioned_columns(whole: list[Lexeme], vocabulary: Vocabulary) -> list[str]:
    """Return the columns of the sources that the statement names; of the own when it names none."""
    known = _aliases(whole, vocabulary) or vocabulary.sources
    return list(dict.fromkeys(chain.from_iterable(known.values())))


def _of(kind: str, names: Iterable[str]) -> list[tuple[str, str]]:
    return [(name, kind) for name in names]


def _name(text: str) -> str:
    """Return the name that a word, quoted or not, stands for."""
    if text[0] in '`"':
        return text.strip(text[0])
    return text.upper()


def _exact(text: str) -> str:
    """Return the name that a word stands for where case counts."""
    return text.strip(text[0]) if text[0] in '`"' else text


def _fits(name: str, typed: str) -> bool:
    return name.upper().startswith(typed.strip('`"').upper())


def _spelled(name: str, kind: str, typed: str) -> str:
    """Return the name as it is to be written: in the case that was typed, quoted where needed."""
    if typed[:1] == "`":
        return f"`{name}`"
    if kind in {"source", "column"}:
        name = quote(name)
    if kind == "application":
        return quote(name, folds=False)
    if kind == "topic" or name.startswith("`"):
        return name
    return name.lower() if typed and typed == typed.lower() else name
