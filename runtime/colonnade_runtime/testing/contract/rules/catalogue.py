"""Every rule, in the order in which an author meets them."""

from collections.abc import Callable, Iterable, Sequence
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
        except Exception as error:
            _expect_another_reason(subject, [error])
            raise
        if found:
            _expect_another_reason(subject, found)
        return found


def _expect_another_reason(subject: Subject, problems: Sequence[object]) -> None:
    """Keep a module that cannot be imported from being reported by every rule that needs it."""
    broken = subject.broken_import
    if broken is not None and all(map(broken.explains, problems)):
        raise NotTried(f"{broken.place} cannot be imported")


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
