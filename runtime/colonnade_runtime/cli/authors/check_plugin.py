"""`colonnade check --plugin`: the rules of PluginContract without pytest."""

import importlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from colonnade.errors import ConfigurationError
from colonnade_runtime.cli.authors.plugin_folder import plugin_modules
from colonnade_runtime.cli.output import working
from colonnade_runtime.observability.failures import failure_in_words

if TYPE_CHECKING:
    from colonnade_runtime.testing.contract import Rule, Subject


class RuleOutcome(StrEnum):
    """Outcomes of a rule that was held against a plugin."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_TRIED = "not tried"


_MARKS = {
    RuleOutcome.PASSED: "ok      ",
    RuleOutcome.FAILED: "problem ",
    RuleOutcome.NOT_TRIED: "-       ",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Verdict on one rule, with the problems of one that failed or the reason of one not tried."""

    rule: "Rule"
    outcome: RuleOutcome
    problems: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Text for people."""
        indented = (f"          {text}" for text in self.problems)
        return [f"{_MARKS[self.outcome]}{self.rule.title}", *indented]


def examine(path: Path, style: str, *, update: bool, policies: Path | None = None) -> bool:
    """Hold every rule against the plugin at `path` and print what comes of it; whether it passed.

    `policies` is the operator's folder, which may confirm what the plugin's policies grant.

    Raises:
        ConfigurationError: when there is no plugin at `path`.
    """
    try:
        from colonnade_runtime.testing.contract import RULES
    except ImportError as error:
        raise ConfigurationError(
            f"Checking a plugin needs {error.name}; install it with: pip install 'colonnade[test]'"
        ) from error
    subjects = [
        _subject(path, module, update=update, policies=policies) for module in plugin_modules(path)
    ]
    healthy = True
    documents = []
    for subject in subjects:
        with working("Holding the rules against it"):
            verdicts = [_verdict(rule, subject) for rule in RULES]
        passed = not any(verdict.outcome is RuleOutcome.FAILED for verdict in verdicts)
        healthy = healthy and passed
        documents.append(_document(subject, verdicts, passed=passed))
        if style == "text":
            _print(subject, verdicts)
    if style == "json":
        click.echo(json.dumps({"valid": healthy, "plugins": documents}, indent=2))
    return healthy


def _verdict(rule: "Rule", subject: "Subject") -> Verdict:
    from colonnade_runtime.testing.contract import NotTried

    try:
        problems = rule.problems(subject)
    except NotTried as reason:
        return Verdict(rule, RuleOutcome.NOT_TRIED, (str(reason),))
    except Exception as error:
        # What the plugin raises while a rule is tried is a finding, and the next rule goes on.
        raised = f"the plugin raised {failure_in_words(error)}"
        return Verdict(rule, RuleOutcome.FAILED, (raised,))
    outcome = RuleOutcome.FAILED if problems else RuleOutcome.PASSED
    return Verdict(rule, outcome, tuple(problems))


def _print(subject: "Subject", verdicts: list[Verdict]) -> None:
    told: set[tuple[str, ...]] = set()
    untold = 0
    for verdict in verdicts:
        if verdict.outcome is RuleOutcome.NOT_TRIED and verdict.problems in told:
            untold += 1
            continue
        if verdict.outcome is RuleOutcome.NOT_TRIED:
            told.add(verdict.problems)
        click.echo("\n".join(verdict.lines()))
    if untold:
        rules = "rule was" if untold == 1 else "rules were"
        click.echo(f"{_MARKS[RuleOutcome.NOT_TRIED]}{untold} more {rules} not tried, as above.")
    click.echo(f"{subject.module.__name__}: {_summary(verdicts)}.")


def _summary(verdicts: list[Verdict]) -> str:
    failed = sum(verdict.outcome is RuleOutcome.FAILED for verdict in verdicts)
    untried = sum(verdict.outcome is RuleOutcome.NOT_TRIED for verdict in verdicts)
    if not failed and not untried:
        return "keeps every rule"
    parts = []
    if failed:
        parts.append(f"{failed} of {len(verdicts)} rules {'is' if failed == 1 else 'are'} broken")
    if untried:
        parts.append(f"{untried} {'was' if untried == 1 else 'were'} not tried")
    return ", ".join(parts)


def _document(subject: "Subject", verdicts: list[Verdict], *, passed: bool) -> dict[str, object]:
    return {
        "plugin": subject.module.__name__,
        "valid": passed,
        "rules": [
            {
                "rule": verdict.rule.name,
                "outcome": verdict.outcome,
                "problems": list(verdict.problems),
            }
            for verdict in verdicts
        ],
    }


def _subject(path: Path, name: str, *, update: bool, policies: Path | None) -> "Subject":
    from colonnade_runtime.testing.contract import Subject

    try:
        module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise ConfigurationError(
            f"{name} cannot be imported: {failure_in_words(error)}. Mend it, or install "
            "what it needs."
        ) from error
    return Subject(module, snapshot=_snapshot(path), update=update, policies=policies)


def _snapshot(path: Path) -> Path:
    from colonnade_runtime.testing.contract.rules.recording import FILE_NAME

    places = [path / "tests" / FILE_NAME, path / FILE_NAME, path.parent / "tests" / FILE_NAME]
    return next((place for place in places if place.exists()), places[0])
