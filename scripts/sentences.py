"""Finds the English sentences in code that are translated when they are shown, not where they are.

Those are the errors, the reasons and the states of functions and layer, and what ``wxlive doctor``
finds: values that are stored, logged or printed as JSON. An f-string becomes a message with named
values, such as ``There is no run {run_id}``.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wxlive import errors

_SENTENCE = re.compile(r"[^\W\d_].*\s|\s.*[^\W\d_]", re.DOTALL)
"""Letters and a blank."""

_FRAME = re.compile(r"\s*[^\s\w]+\s*\{|\}\s*[^\s\w]+\s*\{")
"""Punctuation around values, as in ``{message} ({facts})``."""

_TECHNICAL = re.compile(
    r"#\w|(?<![`\w]):[a-z{]|\battribute_|\bSET |;\s?charset|\bINSERT\b|\b(AND|OR|IN)\b|%[HMY]"
    r"|^\s|\s$|^\{\w+\}\s\{\w+\}$"
)
"""Expressions for DynamoDB, headers, formats, and pieces of text."""

_UNSEEN = frozenset(
    {
        *("AssertionError", "TypeError", "ValueError", "KeyError", "NewConnectionError"),
        *("AnswerTooLarge", "RequestRejected", "MalformedEvent"),
        *("_", "ngettext", "N_", "recorded", "compile", "partition", "problem", "get_paginator"),
        *("option", "argument", "command", "group", "info", "exception", "debug", "join"),
    }
)
"""Calls whose text no operator reads, or that mark or take a message by themselves."""

_LOGGED = frozenset({"warning", "error"})
"""Methods of a logger; functions of that name say something."""


_ERRORS = {name for name, kind in vars(errors).items() if isinstance(kind, type)}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in a module; ``is_error`` says that it is the text of a ``WxliveError``."""

    message: str
    line: int
    is_error: bool


def sentences(path: Path) -> Iterator[Sentence]:
    """Yield the sentences in a module."""
    yield from _walk(ast.parse(path.read_text(encoding="utf-8")), is_error=False)


def states(path: Path) -> Iterator[str]:
    """Yield the values of the enumerations in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and any(_name(base) == "StrEnum" for base in node.bases):
            for child in node.body:
                if isinstance(child, ast.Assign) and isinstance(child.value, ast.Constant):
                    yield str(child.value.value)


def _walk(node: ast.AST, *, is_error: bool) -> Iterator[Sentence]:
    if isinstance(node, ast.JoinedStr | ast.Constant):
        message = _message(node)
        if _is_sentence(message, has_values=isinstance(node, ast.JoinedStr)):
            yield Sentence(message, node.lineno, is_error)
        for part in node.values if isinstance(node, ast.JoinedStr) else ():
            if isinstance(part, ast.FormattedValue):
                yield from _walk(part.value, is_error=is_error)
        return
    raises = isinstance(node, ast.Call) and _name(node.func) in _ERRORS
    for child in _read(node):
        yield from _walk(child, is_error=is_error or raises)


def _is_sentence(message: str, *, has_values: bool) -> bool:
    if _TECHNICAL.search(message):
        return False
    is_frame = has_values and bool(_FRAME.search(message)) and " " in message
    return is_frame or bool(_SENTENCE.search(re.sub(r"\{\w+\}", "{}", message)))


def _read(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the parts of a node whose text may be shown."""
    if isinstance(node, ast.Call) and _is_unseen(node.func):
        return
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_annotation = child in (getattr(node, "annotation", None), getattr(node, "returns", None))
        is_expression = isinstance(child, ast.keyword) and str(child.arg).endswith("Expression")
        if not (is_docstring or is_annotation or is_expression):
            yield child


def _is_unseen(called: ast.expr) -> bool:
    name = _name(called)
    return name in _UNSEEN or (name in _LOGGED and isinstance(called, ast.Attribute))


def _message(node: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    names: dict[str, str] = {}
    text = ""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            text += f"{{{_placeholder(part, names)}}}"
        elif isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
    return text


def _placeholder(part: ast.FormattedValue, names: dict[str, str]) -> str:
    """Return the name of a value, the same for what is the same text in one sentence."""
    source = ast.dump(part)
    if source not in names:
        name = _name(part.value).strip("_").lower() or "value"
        taken = [each.rstrip("0123456789_") for each in names.values()].count(name)
        names[source] = f"{name}_{taken + 1}" if taken else name
    return names[source]


def _name(node: ast.expr) -> str:
    """Name an expression by its last name: ``run.state.value`` is ``state``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name, value=inner):
            return _name(inner) if name == "value" else name
        case _:
            named_by = _named_by(node)
            return _name(named_by) if named_by is not None else ""


def _named_by(node: ast.expr) -> ast.expr | None:
    """Return the part of an expression that says what it is."""
    match node:
        case ast.Call(func=ast.Attribute(attr="join", value=ast.Constant()), args=[inner, *_]):
            return inner
        case ast.Call(func=ast.Name(id="len" | "abs" | "str" | "sum"), args=[inner, *_]):
            return inner
        case ast.Call(func=ast.Attribute(attr="lower" | "rstrip" | "isoformat", value=inner)):
            return inner
        case (
            ast.Call(func=inner)
            | ast.BoolOp(values=[inner, *_])
            | ast.BinOp(left=inner)
            | ast.Subscript(value=inner)
            | ast.IfExp(body=inner)
        ):
            return inner
        case _:
            return None
