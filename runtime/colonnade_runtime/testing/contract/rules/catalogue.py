"""Every rule, in the order in which an author meets them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject
from colonnade_runtime.testing.contract.rules import (
    configuration,
    declaration,
    granting,
    imports,
    messages,
    operations,
    personal_data,
    policies,
    recording,
    routes,
    running,
    storage,
)

Check = Callable[[Subject], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: `check` answers a sentence for each thing that breaks it."""

    check: Check

    @property
    def name(self) -> str:
        """Name of the rule's test, without `test_`."""
        return self.check.__name__

    @property
    def title(self) -> str:
        """The rule as a sentence."""
        return (self.check.__doc__ or self.name).partition("\n")[0]

    def problems(self, subject: Subject) -> list[str]:
        """Sentences for what of `subject` breaks this rule.

        Raises:
            NotTried: when that cannot be said because of what another rule reports.
        """
        if self.check is declaration.hooks_answer:
            return list(self.check(subject))
        try:
            found = list(self.check(subject))
        except Exception:
            _expect_whole(subject)
            raise
        if found:
            _expect_whole(subject)
        return found


def _expect_whole(subject: Subject) -> None:
    """Keep a module that cannot be imported from being reported by every rule that needs it."""
    try:
        broken = subject.broken_import
    except NotTried:
        # The plugin cannot be loaded: other rules say why.
        return
    if broken is not None:
        raise NotTried("a module of the plugin cannot be imported")


RULES: tuple[Rule, ...] = tuple(
    Rule(check)
    for module in (
        declaration,
        imports,
        operations,
        messages,
        personal_data,
        configuration,
        storage,
        routes,
        policies,
        granting,
        running,
        recording,
    )
    for check in module.CHECKS
)
"""All rules, cheap ones first."""
