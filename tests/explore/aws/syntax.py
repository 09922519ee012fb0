"""The grammar of DynamoDB's expressions: text to trees. Each text is parsed once."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn, TypeAlias

from explore.aws.outcomes import Rejected, invalid

CONDITION, FILTER, KEY_CONDITION = (
    "ConditionExpression",
    "FilterExpression",
    "KeyConditionExpression",
)
UPDATE, PROJECTION = "UpdateExpression", "ProjectionExpression"

COMPARATORS = frozenset({"=", "<>", "<", "<=", ">", ">="})
SECTIONS = ("SET", "REMOVE", "ADD", "DELETE")


@dataclass(frozen=True, slots=True)
class Path:
    """A document path: names and ``#aliases`` as they are written, and indices."""

    steps: tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ValueRef:
    """A ``:value``."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its operands, as a condition or as an operand."""

    function: str
    operands: "tuple[Operand, ...]"


Operand: TypeAlias = Path | ValueRef | Call


@dataclass(frozen=True, slots=True)
class Compare:
    comparator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Between:
    operand: Operand
    low: Operand
    high: Operand


@dataclass(frozen=True, slots=True)
class In:
    operand: Operand
    choices: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    left: "Condition"
    right: "Condition"


@dataclass(frozen=True, slots=True)
class Or:
    left: "Condition"
    right: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """Parentheses, which DynamoDB refuses where they are doubled."""

    condition: "Condition"


Condition: TypeAlias = Compare | Between | In | Call | Not | And | Or | Group


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an update; ``value`` is missing for REMOVE."""

    section: str
    path: Path
    value: Operand | Arithmetic | None


# ---------------------------------------------------------------- parsing


@lru_cache(4096)
def parse_condition(kind: str, text: str) -> Condition:
    """Parse a condition, a filter or a key condition.

    Raises:
        Rejected: it is malformed.
    """
    parser = _Parser(kind, text)
    condition = parser.condition()
    parser.end()
    return condition


@lru_cache(4096)
def parse_projection(text: str) -> tuple[Path, ...]:
    """Parse the paths of a projection.

    Raises:
        Rejected: it is malformed.
    """
    parser = _Parser(PROJECTION, text)
    paths = [parser.path()]
    while parser.take(","):
        paths.append(parser.path())
    parser.end()
    return tuple(paths)


@lru_cache(4096)
def parse_update(text: str) -> tuple[Action, ...]:
    """Parse an update.

    Raises:
        Rejected: it is malformed.
    """
    parser = _Parser(UPDATE, text)
    seen: set[str] = set()
    actions: list[Action] = []
    while section := parser.take_word(*SECTIONS):
        if section in seen:
            raise invalid(
                f'Invalid UpdateExpression: The "{section}" section can only be used once in an '
                "update expression;"
            )
        seen.add(section)
        actions.append(parser.action(section))
        while parser.take(","):
            actions.append(parser.action(section))
    parser.end()
    return tuple(actions)


_TOKEN = re.compile(
    r"[A-Za-z][A-Za-z0-9_]*|[#:][A-Za-z0-9_]+|\d+|<>|<=|>=|[<>=()\[\],.+\-]|(?P<unknown>\S)",
    re.ASCII,
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_MAX_EXPRESSION, _MAX_LEVELS, _MAX_INDEX = 4096, 32, 2**31 - 1
_WORDS = frozenset({"AND", "OR", "NOT", "BETWEEN", "IN"})


class _Parser:
    """Reads one expression from left to right."""

    def __init__(self, kind: str, text: str) -> None:
        self._kind = kind
        if not text.strip():
            raise self._rejection("The expression can not be empty;")
        if len(text.encode()) > _MAX_EXPRESSION:
            raise self._rejection(
                "Expression size has exceeded the maximum allowed size; expression size: "
                f"{len(text.encode())}"
            )
        self._tokens: list[str] = []
        for found in _TOKEN.finditer(text):
            self._tokens.append(found.group())
            if found.group("unknown"):
                self._at = len(self._tokens) - 1
                self._fail()
        self._at = 0

    # --------------------------------------------------------- conditions

    def condition(self) -> Condition:
        left = self._conjunction()
        while self.take_word("OR"):
            left = Or(left, self._conjunction())
        return left

    def _conjunction(self) -> Condition:
        left = self._negation()
        while self.take_word("AND"):
            left = And(left, self._negation())
        return left

    def _negation(self) -> Condition:
        return Not(self._negation()) if self.take_word("NOT") else self._primary()

    def _primary(self) -> Condition:
        if self.take("("):
            inner = self.condition()
            self._expect(")")
            if isinstance(inner, Group):
                raise self._rejection("The expression has redundant parentheses;")
            return Group(inner)
        operand = self._operand()
        if self._next() in COMPARATORS:
            return Compare(self._advance(), operand, self._operand())
        if self.take_word("BETWEEN"):
            low = self._operand()
            if not self.take_word("AND"):
                self._fail()
            return Between(operand, low, self._operand())
        if self.take_word("IN"):
            self._expect("(")
            return In(operand, self._operands())
        if not isinstance(operand, Call):
            self._fail()
        return operand

    # ------------------------------------------------------------ updates

    def action(self, section: str) -> Action:
        path = self.path()
        if section == "REMOVE":
            return Action(section, path, None)
        if section == "SET":
            self._expect("=")
            left = self._operand()
            if self._next() in {"+", "-"}:
                return Action(section, path, Arithmetic(self._advance(), left, self._operand()))
            return Action(section, path, left)
        if not self._next().startswith(":"):
            self._fail()
        return Action(section, path, ValueRef(self._advance()))

    # ----------------------------------------------------------- operands

    def _operands(self) -> tuple[Operand, ...]:
        found = [self._operand()]
        while self.take(","):
            found.append(self._operand())
        self._expect(")")
        return tuple(found)

    def _operand(self) -> Operand:
        token = self._next()
        if token.startswith(":"):
            return ValueRef(self._advance())
        calls = _NAME.match(token) and self._tokens[self._at + 1 : self._at + 2] == ["("]
        if not calls or token.upper() in _WORDS:
            return self.path()
        self._at += 2
        return Call(token, self._operands())

    def path(self) -> Path:
        steps: list[str | int] = [self._name()]
        while True:
            if self.take("."):
                steps.append(self._name())
            elif self.take("["):
                if not self._next().isdigit():
                    self._fail()
                steps.append(self._index())
                self._expect("]")
            else:
                break
        if len(steps) > _MAX_LEVELS:
            raise self._rejection(
                f"The document path has too many nesting levels; nesting levels: {len(steps)}"
            )
        return Path(tuple(steps))

    def _index(self) -> int:
        index = int(self._advance())
        if index > _MAX_INDEX:
            raise self._rejection(f"List index is not within the allowable range; index: [{index}]")
        return index

    def _name(self) -> str:
        token = self._next()
        if not (token.startswith("#") or _NAME.match(token)) or token.upper() in _WORDS:
            self._fail()
        return self._advance()

    # ------------------------------------------------------------- tokens

    def _next(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _advance(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def take(self, symbol: str) -> bool:
        if self._next() != symbol:
            return False
        self._at += 1
        return True

    def take_word(self, *words: str) -> str:
        """Take a keyword in any case and return it in capitals, "" if another token is next."""
        word = self._next().upper()
        if word not in words:
            return ""
        self._at += 1
        return word

    def _expect(self, symbol: str) -> None:
        if not self.take(symbol):
            self._fail()

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._fail()

    def _fail(self) -> NoReturn:
        token = self._next() or "<EOF>"
        near = " ".join(self._tokens[max(0, self._at - 1) : self._at + 2])
        raise self._rejection(f'Syntax error; token: "{token}", near: "{near}"')

    def _rejection(self, problem: str) -> Rejected:
        return invalid(f"Invalid {self._kind}: {problem}")
