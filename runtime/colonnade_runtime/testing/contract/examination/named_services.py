"""Services whose actions a plugin's policies name, without being asked by the plugin itself."""

import re
from collections.abc import Iterable

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.module_inspection import SERVICE_PACKAGE
from colonnade_runtime.adapters.policy.rego.statements import outline
from colonnade_runtime.adapters.policy.rego.tokens import TokenKind
from colonnade_runtime.testing.contract.examination.first_party_policies import first_party_policies

_ACTION = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")


def services_spoken_of(sources: Iterable[str]) -> frozenset[str]:
    """The first-party services of which the policies in `sources` name an action."""
    named = {name for source in sources for name in _actions(source)}
    if not named:
        return frozenset()
    return frozenset(
        outline(module).package.removeprefix(SERVICE_PACKAGE)
        for module in first_party_policies()
        if named & _actions(module.source)
    )


def _actions(source: str) -> set[str]:
    rules = outline(PolicyModule("", source)).rules
    texts = (token for rule in rules for token in rule.tokens if token.kind is TokenKind.TEXT)
    return {text for token in texts if _ACTION.fullmatch(text := token.text[1:-1])}
