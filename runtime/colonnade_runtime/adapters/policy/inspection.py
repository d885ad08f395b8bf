"""Checks policies for what an engine would silently read as something else.

Embedded and real OPA must answer alike, and `not undefined` is true in both: so a misspelt
name, a built-in that is missing, or syntax that only one of them takes is refused at load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from colonnade.policy import PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.builtins import ALLOWED_BUILTINS
from colonnade_runtime.adapters.policy.names import calls, declared
from colonnade_runtime.adapters.policy.statements import (
    OPENING,
    ModuleOutline,
    Statement,
    outline,
)
from colonnade_runtime.adapters.policy.tokens import Token, TokenKind

ENTRY_PACKAGE = "colonnade"
SERVICE_PACKAGE = "colonnade.services."
KEYWORDS = frozenset({
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null",
    "package", "some", "true", "with",
})  # fmt: skip
_BODY_OPENERS = frozenset({":=", "=", "contains", "|", "&", "-"})
_UNREADABLE_ESCAPES = ("\\u", "\\/")


def inspect_modules(modules: Sequence[PolicyModule]) -> list[PolicyProblem]:
    """Everything that is wrong with the modules of one bundle, seen together."""
    outlines = [outline(module) for module in modules]
    names = _names_by_package(outlines)
    for item in outlines:
        if item.problems:
            continue
        _inspect_package(item)
        for rule in item.rules:
            _inspect_rule(item, rule, names[item.package])
        _inspect_time(item)
    problems = [problem for item in outlines for problem in item.problems]
    if not any(item.package == ENTRY_PACKAGE for item in outlines):
        message = "the entry point is missing: a file with 'package colonnade' and its decision."
        problems.append(PolicyProblem("policies/colonnade.rego", 0, 0, message))
    return problems


def _names_by_package(outlines: Iterable[ModuleOutline]) -> Mapping[str, frozenset[str]]:
    names: dict[str, frozenset[str]] = {}
    for item in outlines:
        names[item.package] = names.get(item.package, frozenset()) | item.rule_names
    return names


def _inspect_package(item: ModuleOutline) -> None:
    name = item.package.removeprefix(SERVICE_PACKAGE)
    if item.package != ENTRY_PACKAGE and (name == item.package or "." in name):
        item.complain(
            f"'package {item.package}' is not gathered; write 'package {SERVICE_PACKAGE}<name>'."
        )


def _inspect_time(item: ModuleOutline) -> None:
    """Decisions are remembered: one that depends on the time must say until when it holds."""
    for rule in item.rules:
        for token, called in calls(rule.tokens):
            if called == "time.now_ns" and "expires_at" not in item.rule_names:
                item.complain("who reads the time must also define 'expires_at'.", token)


def _inspect_rule(item: ModuleOutline, rule: Statement, names: frozenset[str]) -> None:
    if rule.head.text in KEYWORDS or rule.head.text in {"input", "data"}:
        item.complain(f"'{rule.head.text}' is a word of Rego, not a name for a rule.", rule.head)
        return
    if rule.head.text in ALLOWED_BUILTINS:
        item.complain(
            f"'{rule.head.text}' is a built-in; give the rule a name of its own.", rule.head
        )
    _inspect_words(item, rule)
    _inspect_body_keyword(item, rule)
    _inspect_calls(item, rule, names)
    _inspect_names(item, rule, names)


def _inspect_words(item: ModuleOutline, rule: Statement) -> None:
    for token, following in _with_next(rule.tokens):
        if token.is_name("with") and not token.member:
            item.complain("'with' is for tests; a policy decides on what it is given.", token)
        if token.kind is TokenKind.TEXT and any(mark in token.text for mark in _UNREADABLE_ESCAPES):
            item.complain("write the character itself; \\u and \\/ are read differently.", token)
        if _is_whole_document(token, following):
            item.complain(f"say which part of '{token.text}' is meant, as {token.text}.x.", token)
        if token.text.strip('"`') == "tenant_data" and item.package != ENTRY_PACKAGE:
            item.complain("a tenant's data only narrows, and only the entry point reads it.", token)


def _is_whole_document(token: Token, following: Token | None) -> bool:
    whole = following is None or not following.is_symbol(".")
    return token.is_name("input", "data") and not token.member and whole


def _inspect_body_keyword(item: ModuleOutline, rule: Statement) -> None:
    """A body without `if` is Rego v0, which one engine takes and the other refuses."""
    depth = 0
    announced = False
    for previous, token in pairwise(rule.tokens):
        if depth == 0 and token.is_name("if", "else") and not token.member:
            announced = token.text == "if"
        opens_body = depth == 0 and token.is_symbol("{")
        if opens_body and not announced and previous.text not in _BODY_OPENERS:
            item.complain("write 'if' before the body of a rule.", token)
        if opens_body and announced and previous.is_symbol("}"):
            item.complain("write the rule again, with 'if', for its second body.", token)
        if token.is_symbol(*OPENING):
            depth += 1
        elif token.is_symbol(*OPENING.values()):
            depth -= 1


def _inspect_calls(item: ModuleOutline, rule: Statement, names: frozenset[str]) -> None:
    for token, called in calls(rule.tokens):
        if called.startswith("data.") or called.partition(".")[0] in names | item.imports:
            continue
        if called in KEYWORDS or called in ALLOWED_BUILTINS:
            continue
        item.complain(
            f"'{called}' is not among the built-ins that policies may call "
            f"({', '.join(sorted(ALLOWED_BUILTINS))}), nor a function defined here.",
            token,
        )


def _inspect_names(item: ModuleOutline, rule: Statement, names: frozenset[str]) -> None:
    """A misspelt name is undefined, and `not` makes it true: every name must be declared."""
    tokens = rule.tokens
    known = names | item.imports | KEYWORDS | {"input", "data", "_"} | set(declared(rule))
    called = {id(token) for token, _ in calls(tokens)}
    reported: set[str] = set()
    for token in tokens:
        if token.kind is not TokenKind.NAME or token.text in known | reported:
            continue
        if token.member or id(token) in called:
            continue
        reported.add(token.text)
        item.complain(
            f"'{token.text}' is nothing that is known here; "
            "declare a variable with 'some' or ':=', or correct the name.",
            token,
        )


def _with_next(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token | None]]:
    for index, token in enumerate(tokens):
        yield token, tokens[index + 1] if index + 1 < len(tokens) else None
