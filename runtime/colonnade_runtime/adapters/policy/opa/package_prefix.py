"""Moves policies to a place of their own, so that one OPA server holds many sets of them.

Every package and every reference below `colonnade` gets a prefix. A set of policies then exists
beside the one before it, and taking it up is a change of the path that is asked.
"""

from collections.abc import Iterator
from itertools import pairwise

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE
from colonnade_runtime.adapters.policy.rego.tokens import Token, tokens_of


def with_package_prefix(module: PolicyModule, prefix: str) -> PolicyModule:
    """The module with `colonnade` read as `<prefix>.colonnade`; lines stay what they are.

    Raises:
        UnreadableSource: when it is no Rego.
    """
    source = module.source
    for token in reversed(list(_roots(source))):
        source = f"{source[: token.start]}{prefix}.{source[token.start :]}"
    return PolicyModule(module.path, source)


def _roots(source: str) -> Iterator[Token]:
    """The `colonnade` of the package statement and of every `data.colonnade`."""
    tokens = list(tokens_of(source))
    for before, token in pairwise(tokens):
        if before.is_name("package") and not before.member and token.is_name(ENTRY_PACKAGE):
            yield token
    for first, dot, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        is_data = first.is_name("data") and not first.member and dot.is_symbol(".")
        if is_data and token.is_name(ENTRY_PACKAGE):
            yield token
