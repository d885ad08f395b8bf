"""Checks policies for what an engine would silently read as something else.

Embedded and real OPA must answer alike, and `not undefined` is true in both: so a misspelt
name, a built-in that is missing, or syntax that only one of them takes is refused at load.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from typing import Any

from colonnade.policy import PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.rego.builtins import ALLOWED_BUILTINS
from colonnade_runtime.adapters.policy.rego.called_names import calls, declared
from colonnade_runtime.adapters.policy.rego.statements import (
    OPENING,
    ModuleOutline,
    Statement,
    outline,
)
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind

ENTRY_PACKAGE = "colonnade"
SERVICE_PACKAGE = "colonnade.services."
KEYWORDS = frozenset({
    "as", "contains", "default", "else", "every", "false", "if", "import", "in", "not", "null",
    "package", "some", "true", "with",
})  # fmt: skip
_BODY_OPENERS = frozenset({":=", "=", "contains", "|", "&", "-"})
INPUT: Mapping[str, Mapping[str, Any]] = {
    "action": {},
    "resource_type": {},
    "principal": {"id": {}, "kind": {}, "roles": {}, "attributes": {}, "on_behalf_of": {}},
    "tenant": {"id": {}, "plan": {}, "status": {}},
    "tenant_data": {},
    "packages": {"granting": {}, "narrowing": {}},
}
"""The members of the input document, as far as they are the same for everybody."""
GATHERED = frozenset({"actions", "grants", "deny", "masks", "expires_at"})
"""What the entry point gathers from every package."""
_MISTAKEN_FOR = {
    "action": "actions",
    "allow": "grants",
    "denied": "deny",
    "denies": "deny",
    "expires": "expires_at",
    "grant": "grants",
    "granted": "grants",
    "mask": "masks",
    "masked": "masks",
}
_BUILTIN_NAMES = frozenset(
    {name.partition(".")[0] for name in ALLOWED_BUILTINS} | {"internal", "set"}
)
"""A rule of such a name hides built-ins, for OPA even those that operators compile to."""
_NEAR = 0.8
"""From which likeness on a name is a misspelt one."""

_UNREADABLE_ESCAPES = ("\\u", "\\/")


def inspect_modules(modules: Sequence[PolicyModule]) -> list[PolicyProblem]:
    """Inspect the modules of one bundle together; answers all problems."""
    outlines = [outline(module) for module in modules]
    names = names_by_package(outlines)
    for item in outlines:
        # What cannot be read as Rego would only bring problems that follow from that.
        if not item.problems:
            _inspect_package(item)
            _inspect_gathered(item)
            inspect_rules(item, names[item.package])
            _inspect_time(item)
            inspect_references(item, names)
    problems = [problem for item in outlines for problem in item.problems]
    if not any(item.package == ENTRY_PACKAGE for item in outlines):
        message = "the entry point is missing: a file with 'package colonnade' and its decision."
        problems.append(PolicyProblem("policies/colonnade.rego", 0, 0, message))
    return problems


def inspect_references(item: ModuleOutline, names: Mapping[str, frozenset[str]]) -> None:
    """Note what a module names in another package that is there and does not define it.

    It is undefined, so that a deny which asks for it denies nothing. Packages that are not there
    belong to services that are not enabled, unless one that is there was almost named.
    """
    for rule in item.rules:
        for index, token in enumerate(rule.tokens):
            if token.is_name("data") and not token.member:
                _inspect_reference(item, list(_members(rule.tokens, index)), names)


def _inspect_reference(
    item: ModuleOutline, path: Sequence[Token], names: Mapping[str, frozenset[str]]
) -> None:
    if len(path) < 3 or f"{path[0].text}.{path[1].text}." != SERVICE_PACKAGE:
        return
    package = SERVICE_PACKAGE + path[2].text
    if package not in names:
        # No mistake by itself: the service of that package may be switched off here.
        near = get_close_matches(package, names, n=1, cutoff=_NEAR)
        if near:
            item.complain(f"there is no package '{package}' (did you mean '{near[0]}'?).", path[2])
    elif len(path) > 3 and path[3].text not in names[package]:
        near = get_close_matches(path[3].text, names[package], n=1)
        hint = f" (did you mean '{near[0]}'?)" if near else ""
        item.complain(f"'{package}' defines no '{path[3].text}'{hint}.", path[3])


def names_by_package(outlines: Iterable[ModuleOutline]) -> Mapping[str, frozenset[str]]:
    """The names that the rules of each package define."""
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


def _inspect_gathered(item: ModuleOutline) -> None:
    """Note denies and grants that are no sets, or almost named so: nobody would gather them."""
    for rule in item.rules:
        name = rule.head.text
        if name in _MISTAKEN_FOR:
            meant = _MISTAKEN_FOR[name]
            item.complain(f"nobody gathers '{name}'; write '{meant} contains …'.", rule.head)
        is_set = len(rule.tokens) > 1 and rule.tokens[1].is_name("contains")
        near = get_close_matches(name, GATHERED, n=1, cutoff=_NEAR)
        if is_set and near and name not in {*GATHERED, *_MISTAKEN_FOR} and not _is_used(item, rule):
            item.complain(f"nobody gathers '{name}'; write '{near[0]} contains …'.", rule.head)
        if name in GATHERED and not is_set:
            item.complain(f"'{name}' is a set; write '{name} contains …'.", rule.head)


def _is_used(item: ModuleOutline, rule: Statement) -> bool:
    """Tell whether a rule is named anywhere in its module but at its own beginning."""
    name = rule.head.text
    tokens = (token for each in item.rules for token in each.tokens if token is not each.head)
    return any(token.is_name(name) for token in tokens)


def _inspect_time(item: ModuleOutline) -> None:
    """Decisions are remembered: one that depends on the time must say until when it holds."""
    for rule in item.rules:
        for token, called in calls(rule.tokens):
            if called == "time.now_ns" and "expires_at" not in item.rule_names:
                item.complain("who reads the time must also define 'expires_at'.", token)


def inspect_rules(item: ModuleOutline, names: frozenset[str]) -> None:
    """Note what is wrong with the rules of a module whose package defines `names`."""
    for rule in item.rules:
        _inspect_rule(item, rule, names)


def _inspect_rule(item: ModuleOutline, rule: Statement, names: frozenset[str]) -> None:
    if rule.head.text in KEYWORDS or rule.head.text in {"input", "data"}:
        item.complain(f"'{rule.head.text}' is a word of Rego, not a name for a rule.", rule.head)
        return
    if rule.head.text in _BUILTIN_NAMES:
        message = f"'{rule.head.text}' belongs to the built-ins; give the rule another name."
        item.complain(message, rule.head)
    _inspect_words(item, rule)
    _inspect_paths(item, rule)
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
        if token.text.strip('"`') == "tenant_data" and not _may_read_tenant_data(item):
            item.complain("a tenant's data only narrows, and only the entry point reads it.", token)


def _may_read_tenant_data(item: ModuleOutline) -> bool:
    return item.package == ENTRY_PACKAGE or item.package.endswith("_test")


def _is_whole_document(token: Token, following: Token | None) -> bool:
    whole = following is None or not following.is_symbol(".")
    return token.is_name("input", "data") and not token.member and whole


def _inspect_paths(item: ModuleOutline, rule: Statement) -> None:
    """A misspelt part of the input is undefined, and `not` makes it true."""
    for index, token in enumerate(rule.tokens):
        if token.is_name("input") and not token.member:
            known = INPUT
            for part in _members(rule.tokens, index):
                if part.text not in known:
                    item.complain(
                        f"the input has no '{part.text}' here; it has {_either(known)}.", part
                    )
                known = known.get(part.text, {})
                if not known:
                    break


def _members(tokens: Sequence[Token], index: int) -> Iterator[Token]:
    """The names in `input.a.b`, from the token after `input`."""
    while index + 2 < len(tokens) and tokens[index + 2].member:
        index += 2
        yield tokens[index]


def _either(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


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
        if called in KEYWORDS or called in ALLOWED_BUILTINS or called == "set":
            continue
        item.complain(
            f"'{called}' is neither a function defined here nor a built-in that policies may call"
            f"{_suggestion(called)}.",
            token,
        )


def _suggestion(called: str) -> str:
    close = get_close_matches(called, ALLOWED_BUILTINS, n=1)
    return f" (did you mean '{close[0]}'?)" if close else "; docs/operators/policies.md lists those"


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
