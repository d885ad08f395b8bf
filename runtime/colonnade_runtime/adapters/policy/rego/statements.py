"""Groups the tokens of a Rego module into its package, imports and rules."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from colonnade.policy import PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.rego.tokens import (
    Token,
    TokenKind,
    UnreadableSource,
    tokens_of,
)

OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(OPENING.values())


@dataclass(frozen=True)
class Statement:
    """A rule, or a part of one: the tokens from one line start to the next."""

    tokens: tuple[Token, ...]

    @property
    def head(self) -> Token:
        """The name that the rule defines."""
        return self.tokens[1] if self.tokens[0].is_name("default") else self.tokens[0]


@dataclass
class ModuleOutline:
    """Outline of a module, as far as the checks need it.

    `package` is the dotted path and `package_name` where it begins; `imports` are the names that
    import statements introduce.
    """

    module: PolicyModule
    package: str = ""
    package_name: Token | None = None
    imports: set[str] = field(default_factory=set)
    rules: list[Statement] = field(default_factory=list)
    problems: list[PolicyProblem] = field(default_factory=list)

    @property
    def rule_names(self) -> frozenset[str]:
        """The names that this module's rules define."""
        return frozenset(rule.head.text for rule in self.rules)

    def complain(self, message: str, token: Token | None = None) -> None:
        """Note a problem at `token`, or at the start of the file."""
        line, column = (token.line, token.column) if token else (1, 1)
        self.problems.append(PolicyProblem(self.module.path, line, column, message))


def outline(module: PolicyModule) -> ModuleOutline:
    """The outline of `module`; what cannot be read is among its problems."""
    result = ModuleOutline(module)
    try:
        tokens = list(tokens_of(module.source))
    except UnreadableSource as error:
        path = module.path
        result.problems.append(PolicyProblem(path, error.line, error.column, f"{error}."))
        return result
    _check_brackets(tokens, result)
    if result.problems:
        return result
    for group in _statements(tokens):
        _add(group, result)
    if not result.package and not result.problems:
        result.complain(
            "the file must begin with its package, such as 'package colonnade.services.quiz'."
        )
    return result


def _statements(tokens: Sequence[Token]) -> Iterator[Statement]:
    """A statement begins in the first column, outside brackets; `else` continues one."""
    current: list[Token] = []
    depth = 0
    for token in tokens:
        closes = token.is_symbol(*_CLOSING)
        depth -= closes
        starts = depth == 0 and token.column == 1 and not closes
        if starts and current and not token.is_name("else"):
            yield Statement(tuple(current))
            current = []
        if token.is_symbol(*OPENING):
            depth += 1
        current.append(token)
    if current:
        yield Statement(tuple(current))


def _check_brackets(tokens: Sequence[Token], result: ModuleOutline) -> None:
    expected: list[tuple[str, Token]] = []
    for token in tokens:
        if token.is_symbol(*OPENING):
            expected.append((OPENING[token.text], token))
        elif token.is_symbol(*_CLOSING):
            if not expected or expected[-1][0] != token.text:
                result.complain(f"'{token.text}' closes nothing that is open here.", token)
                return
            expected.pop()
    for _, token in expected:
        result.complain(f"'{token.text}' is never closed.", token)


def _add(statement: Statement, result: ModuleOutline) -> None:
    first, *rest = statement.tokens
    if first.is_name("package"):
        _add_package(first, rest, result)
    elif not result.package:
        result.complain("the file must begin with its package.", first)
    elif first.is_name("import"):
        _add_import(first, rest, result)
    elif first.kind is not TokenKind.NAME or statement.head.kind is not TokenKind.NAME:
        result.complain(f"a rule begins with its name, not with {first.text}.", first)
    else:
        result.rules.append(statement)


def _add_package(first: Token, rest: Sequence[Token], result: ModuleOutline) -> None:
    if result.package:
        result.complain("there is a second package in this file.", first)
    elif not is_path(rest):
        result.complain("the package must be names with dots between.", first)
    else:
        result.package = "".join(token.text for token in rest)
        result.package_name = rest[0]


def _add_import(first: Token, rest: Sequence[Token], result: ModuleOutline) -> None:
    alias = rest[-1] if len(rest) > 2 and rest[-2].is_name("as") else None
    path = rest[:-2] if alias else rest
    if not is_path(path) or not path[0].is_name("data", "input", "rego", "future"):
        result.complain("an import names something below 'data' or 'input'.", first)
        return
    if path[0].is_name("data", "input"):
        result.imports.add(alias.text if alias else path[-1].text)


def is_path(tokens: Sequence[Token]) -> bool:
    """Tell whether the tokens are names with dots between."""
    return len(tokens) % 2 == 1 and all(
        token.is_symbol(".") if index % 2 else token.kind is TokenKind.NAME
        for index, token in enumerate(tokens)
    )
