"""Reads the grammar files and draws sentences from them."""

import random
import re
from dataclasses import dataclass
from pathlib import Path

GRAMMAR = Path(__file__).parent.parent.parent / "grammar"

_TOKEN = re.compile(
    r"""\s+|\(\*.*?\*\)|"[^"]*"|'[^']*'|\?.*?\?(?=\s)|[a-z_]+|[=;|()\[\]{}]""", re.DOTALL
)
# Keywords that are names, but not where the sentences put names: they would mean something there.
_CONTEXTUAL = frozenset(
    """ARRAY MAP STRUCT EMIT PARTITION KEY PRIMARY HEADER HEADERS PLAN CODE TOPOLOGY TABLES
    OPTIMIZED FUNCTION SESSION COLUMN DATE TIME TIMESTAMP DECIMAL SYSTEM ESCAPE INTERVAL
    UNION INTERSECT EXCEPT QUALIFY NATURAL OFFSET FETCH OVER ROWS RANGE GROUPS LATERAL UNNEST
    ROLLUP CUBE EXTRACT UNBOUNDED USING FILTER""".split()  # noqa: SIM905
)
_NUMBER = re.compile(r"[0-9]+[eE]?[0-9]*")


@dataclass(frozen=True)
class Text:
    """What stands as it is."""

    text: str


@dataclass(frozen=True)
class Character:
    """One of some characters."""

    choices: str


@dataclass(frozen=True)
class Rule:
    """What another rule says."""

    name: str


@dataclass(frozen=True)
class Sequence:
    """Parts in order."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Choice:
    """One of some."""

    options: tuple["Node", ...]


@dataclass(frozen=True)
class Repeat:
    """From none to ``most`` times."""

    part: "Node"
    most: int


Node = Text | Character | Rule | Sequence | Choice | Repeat


class Grammar:
    """The rules of all files."""

    def __init__(self) -> None:
        self.lexical = _read(GRAMMAR / "lexical.ebnf")
        self.rules = self.lexical | _read(GRAMMAR / "expressions.ebnf")
        for path in sorted((GRAMMAR / "statements").glob("*.ebnf")):
            self.rules |= _read(path)
        self.reserved = keywords("reserved")
        self.nonreserved = keywords("nonreserved")
        self._cost = _costs(self.rules | {"nonreserved": Text("ADD")})

    def terminals(self) -> set[str]:
        """Return the keywords in the rules."""
        return {
            text
            for name, rule in self.rules.items()
            if name not in self.lexical
            for text in _texts(rule)
            if text.isalpha()
        }

    def references(self) -> set[str]:
        """Return the names of rules that rules refer to."""
        return {name for rule in self.rules.values() for name in references(rule)}

    def sentence(self, rule: str, rng: random.Random, budget: int = 12) -> str:
        """Draw a sentence; beyond the depth ``budget`` the shortest ways are taken."""
        words = self._draw(Rule(rule), rng, budget)
        gaps = (" ", " ", " ", "\n", "  ", " /* ; ' */ ", " -- it's\n")
        return "".join(word + rng.choice(gaps) for word in words)

    def _draw(self, node: Node, rng: random.Random, budget: int) -> list[str]:
        match node:
            case Text(text):
                return [_any_case(text, rng)]
            case Character(choices):
                return [rng.choice(choices)]
            case Rule("nonreserved"):
                return [rng.choice(sorted(self.nonreserved - _CONTEXTUAL))]
            case Rule(name) if name in self.lexical:
                return [self._lexeme(name, rng)]
            case Rule(name):
                return self._draw(self.rules[name], rng, budget - 1)
            case Sequence(parts):
                return [word for part in parts for word in self._draw(part, rng, budget)]
            case Choice(options):
                allowed = list(options)
                if budget <= 0:
                    least = min(self._cost_of(option) for option in options)
                    allowed = [option for option in options if self._cost_of(option) == least]
                return self._draw(rng.choice(allowed), rng, budget)
            case Repeat(part, most):
                times = rng.choice((0, 0, 0, 0, 1, 1, 2)) if budget > 0 else 0
                drawn = (self._draw(part, rng, budget) for _ in range(min(times, most)))
                return [word for words in drawn for word in words]

    def _lexeme(self, name: str, rng: random.Random) -> str:
        while True:
            text = "".join(self._characters(self.rules[name], rng))
            if name == "word" and text.upper() in self.reserved | self.nonreserved:
                continue
            if name == "digit_word" and _NUMBER.fullmatch(text):
                continue
            return text

    def _characters(self, node: Node, rng: random.Random) -> list[str]:
        if isinstance(node, Rule):
            return self._characters(self.rules[node.name], rng)
        if isinstance(node, Text):
            return [node.text]
        if isinstance(node, Sequence):
            return [text for part in node.parts for text in self._characters(part, rng)]
        if isinstance(node, Choice):
            return self._characters(rng.choice(node.options), rng)
        if isinstance(node, Repeat):
            times = min(node.most, rng.choice((0, 1, 2, 5)))
            return [text for _ in range(times) for text in self._characters(node.part, rng)]
        return [rng.choice(node.choices)]

    def _cost_of(self, node: Node) -> float:
        return _cost(node, self._cost)


def keywords(kind: str) -> frozenset[str]:
    """Return a keyword list."""
    return frozenset((GRAMMAR / "keywords" / f"{kind}.txt").read_text().split())


def _any_case(text: str, rng: random.Random) -> str:
    return rng.choice((text, text, text.lower(), text.title()))


def _read(path: Path) -> dict[str, Node]:
    """Return the rules of a file by name."""
    text = path.read_text(encoding="utf-8")
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        assert match, f"{path.name}: {text[position : position + 20]!r} cannot be read"
        position = match.end()
        if not match[0].isspace() and not match[0].startswith("(*"):
            tokens.append(match[0])
    rules: dict[str, Node] = {}
    while tokens:
        name = tokens.pop(0)
        assert tokens.pop(0) == "=", f"{path.name}: no = after {name}"
        assert name not in rules, f"{path.name}: two rules {name}"
        rules[name] = _choice(tokens)
        assert tokens.pop(0) == ";", f"{path.name}: no ; at the end of {name}"
    return rules


def _choice(tokens: list[str]) -> Node:
    options = [_sequence(tokens)]
    while tokens[0] == "|":
        tokens.pop(0)
        options.append(_sequence(tokens))
    return options[0] if len(options) == 1 else Choice(tuple(options))


def _sequence(tokens: list[str]) -> Node:
    parts = []
    while tokens[0] not in "|;)]}":
        parts.append(_part(tokens))
    return parts[0] if len(parts) == 1 else Sequence(tuple(parts))


def _part(tokens: list[str]) -> Node:
    token = tokens.pop(0)
    if token in "([{":
        inner = _choice(tokens)
        assert tokens.pop(0) == {"(": ")", "[": "]", "{": "}"}[token]
        return inner if token == "(" else Repeat(inner, 1 if token == "[" else 9)
    if token[0] in "\"'":
        return Text(token[1:-1])
    if token[0] == "?":
        return Character(_characters_of(token.strip("? ")))
    return Rule(token)


def _characters_of(description: str) -> str:
    kind, what = description.removeprefix("any ").split(" ", 1)
    if kind == "but":
        return "".join(sorted(set("abcXYZ019 _-;.,()[]{}*/\\\"'`éß日\n") - {what}))
    assert kind == "of"
    found = ""
    for part in what.split():
        first, _, last = part.partition("-")
        found += "".join(chr(code) for code in range(ord(first), ord(last or first) + 1))
    return found


def _texts(node: Node) -> set[str]:
    match node:
        case Text(text):
            return {text}
        case Sequence(parts) | Choice(parts):
            return {text for part in parts for text in _texts(part)}
        case Repeat(part, _):
            return _texts(part)
        case _:
            return set()


def references(node: Node) -> set[str]:
    """Return the names of the rules that a rule refers to."""
    match node:
        case Rule(name):
            return {name}
        case Sequence(parts) | Choice(parts):
            return {name for part in parts for name in references(part)}
        case Repeat(part, _):
            return references(part)
        case _:
            return set()


def _costs(rules: dict[str, Node]) -> dict[str, float]:
    """Return, for each rule, how many words its shortest sentence has."""
    costs: dict[str, float] = dict.fromkeys(rules, float("inf"))
    changed = True
    while changed:
        changed = False
        for name, rule in rules.items():
            cost = _cost(rule, costs)
            if cost < costs[name]:
                costs[name] = cost
                changed = True
    return costs


def _cost(node: Node, costs: dict[str, float]) -> float:
    match node:
        case Rule(name):
            return costs[name] + 0.01
        case Sequence(parts):
            return sum(_cost(part, costs) for part in parts)
        case Choice(options):
            return min(_cost(option, costs) for option in options)
        case Repeat():
            return 0
        case _:
            return 1
