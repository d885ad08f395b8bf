"""Runs the tests that stand beside the policies, `course_test.rego` beside `course.rego`.

A test is a rule whose name begins with `test_`, as for `opa test`. Its input, given by `with input
as …`, is taken out of the rule and handed to the engine instead: regopy ends the process on many
rules under a `with`. So a test has one input, which does not refer to the test's own variables.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from colonnade.policy import PolicyError, PolicyModule
from colonnade_runtime.adapters.policy.rego.called_names import end_of_term
from colonnade_runtime.adapters.policy.rego.files import (
    SUFFIX,
    TEST_SUFFIX,
    policy_files,
    policy_test_files,
    read_policies,
    read_source,
)
from colonnade_runtime.adapters.policy.rego.module_inspection import (
    inspect_references,
    inspect_rules,
    names_by_package,
)
from colonnade_runtime.adapters.policy.rego.program import (
    CompilationFault,
    EngineFault,
    Program,
    UndefinedFault,
    input_text,
)
from colonnade_runtime.adapters.policy.rego.statements import ModuleOutline, Statement, outline
from colonnade_runtime.adapters.policy.rego.tokens import Token
from colonnade_runtime.adapters.policy.trial.verification import compilation_problems

WHOLE_FILE = "(file)"
"""Stands for the rule where a whole file of tests is wrong."""

_PREFIX = "test_"
_PACKAGES = re.compile(r"\bdata\.(colonnade\.services\.\w+|colonnade\b(?!\.services))")
_INPUT_PREFIX = "colonnade_input_of_"


@dataclass(frozen=True, slots=True)
class RegoTestResult:
    """One test and what came of it; `reason` says why it did not pass."""

    path: str
    rule: str
    passed: bool
    reason: str = ""
    line: int = 0
    column: int = 0

    def lines(self) -> list[str]:
        """Sentences that say what went wrong, each with its place."""
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        if self.rule == WHOLE_FILE:
            return [
                text if text.startswith(self.path) else f"{place}: {text}"
                for text in self.reason.splitlines()
            ]
        return [f"{place}: the test '{self.rule}' fails: {self.reason}"]

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}: " + ("passed" if self.passed else self.reason)


@dataclass(frozen=True, slots=True)
class _Input:
    """Place of a `with input as …` in the source, and the term in it."""

    start: int
    end: int
    term: str


def run_rego_tests(folder: Path, brought: Sequence[PolicyModule] = ()) -> list[RegoTestResult]:
    """The results of all tests in `folder`, in order. A policy without tests is a failed one.

    `brought` are the policies that plugins bring, which need no tests here.

    Raises:
        PolicyError: when the folder or a policy cannot be read.
    """
    results = results_of_tests(folder, brought)
    tested = {path.name for path in policy_test_files(folder)}
    for path in policy_files(folder):
        tests = path.with_name(path.name.removesuffix(SUFFIX) + TEST_SUFFIX)
        if tests.name not in tested:
            reason = f"there is no {tests.name}; write at least one test for every policy."
            results.append(RegoTestResult(str(tests), WHOLE_FILE, passed=False, reason=reason))
    return results


def results_of_tests(folder: Path, brought: Sequence[PolicyModule] = ()) -> list[RegoTestResult]:
    """The results of the tests that there are in `folder`, in order.

    Raises:
        PolicyError: when the folder or a policy cannot be read.
    """
    policies = read_policies(folder, brought)
    results: list[RegoTestResult] = []
    for path in policy_test_files(folder):
        try:
            tests = PolicyModule(str(path), read_source(path))
        except PolicyError as error:
            reason = error.message
            results.append(RegoTestResult(str(path), WHOLE_FILE, passed=False, reason=reason))
        else:
            results += _run_file(policies, tests)
    return results


def _run_file(policies: Sequence[PolicyModule], tests: PolicyModule) -> list[RegoTestResult]:
    parsed = outline(tests)
    rules = [rule for rule in parsed.rules if rule.head.text.startswith(_PREFIX)]
    inputs: dict[str, list[_Input]] = {}
    for rule in rules:
        if rule.head.text in inputs:
            parsed.complain(f"there are two tests named '{rule.head.text}'.", rule.head)
        inputs[rule.head.text] = list(_inputs(rule, parsed))
    if not rules and not parsed.problems:
        parsed.complain(f"there is no test; a test is a rule whose name begins with {_PREFIX}.")
    if parsed.problems:
        return _failed(tests, (str(problem) for problem in parsed.problems))
    return _run(policies, _rewritten(tests, inputs), parsed.package.replace(".", "/"), inputs)


def _run(
    policies: Sequence[PolicyModule],
    tests: PolicyModule,
    package: str,
    inputs: dict[str, list[_Input]],
) -> list[RegoTestResult]:
    rewritten = outline(tests)
    inspect_rules(rewritten, rewritten.rule_names)
    names = names_by_package(map(outline, (*policies, tests)))
    inspect_references(rewritten, names)
    if rewritten.problems:
        return _failed(tests, (str(problem) for problem in rewritten.problems))
    modules = [*policies, tests]
    entries = [f"{package}/{name}" for name in inputs]
    entries += [f"{package}/{_INPUT_PREFIX}{name}" for name, found in inputs.items() if found]
    try:
        program = Program([(module.path, module.source) for module in modules], entries)
    except CompilationFault as fault:
        problems = compilation_problems(str(fault), modules)
        return _failed(tests, (str(problem) for problem in problems))
    asked = _asked(tests, policies)
    places = {rule.head.text: rule.head for rule in rewritten.rules}
    return [
        replace(
            _run_test(program, tests.path, package, name, asked, has_input=bool(found)),
            line=places[name].line,
            column=places[name].column,
        )
        for name, found in inputs.items()
    ]


def _asked(tests: PolicyModule, policies: Sequence[PolicyModule]) -> str:
    """The files that tests ask, by the packages that they name, in words; empty for none."""
    named = set(_PACKAGES.findall(tests.source))
    files = [
        f"{module.path} of the plugin '{module.plugin}'" if module.plugin else module.path
        for module in policies
        if outline(module).package in named
    ]
    return " and ".join(files)


def _run_test(
    program: Program, path: str, package: str, name: str, asked: str, *, has_input: bool
) -> RegoTestResult:
    try:
        document: object = {}
        if has_input:
            document = program.answer(f"{package}/{_INPUT_PREFIX}{name}", "{}")
        answer = program.answer(f"{package}/{name}", input_text(document))
    except UndefinedFault as fault:
        why = f": a line of it does not hold with what {asked} says" if asked else ""
        return RegoTestResult(path, name, passed=False, reason=f"{fault}{why}.")
    except EngineFault as fault:
        return RegoTestResult(path, name, passed=False, reason=f"{fault}.")
    reason = "" if answer is True else f"it is {answer!r} instead of true."
    return RegoTestResult(path, name, passed=answer is True, reason=reason)


def _failed(tests: PolicyModule, reasons: Iterator[str]) -> list[RegoTestResult]:
    return [RegoTestResult(tests.path, WHOLE_FILE, passed=False, reason="\n".join(reasons))]


def _rewritten(tests: PolicyModule, inputs: dict[str, list[_Input]]) -> PolicyModule:
    """The tests without `with`, which keep their places, and a rule for each input behind."""
    source = tests.source
    for found in inputs.values():
        for item in found:
            blank = "".join(c if c == "\n" else " " for c in source[item.start : item.end])
            source = source[: item.start] + blank + source[item.end :]
    terms = [
        f"\n{_INPUT_PREFIX}{name} := {found[0].term}\n" for name, found in inputs.items() if found
    ]
    return PolicyModule(tests.path, source + "".join(terms))


def _inputs(rule: Statement, parsed: ModuleOutline) -> Iterator[_Input]:
    tokens = rule.tokens
    terms: set[str] = set()
    for index, token in enumerate(tokens):
        if not token.is_name("with") or token.member:
            continue
        if not (len(tokens) > index + 3 and _names_input(tokens[index + 1 : index + 3])):
            parsed.complain("a test can only replace its whole input: 'with input as …'.", token)
            continue
        last = end_of_term(tokens, index + 3)
        term = parsed.module.source[tokens[index + 3].start : tokens[last].end]
        terms.add(" ".join(part.text for part in tokens[index + 3 : last + 1]))
        if len(terms) > 1:
            parsed.complain("a test has one input; write a second test for another.", token)
        yield _Input(token.start, tokens[last].end, term)


def _names_input(tokens: Sequence[Token]) -> bool:
    return tokens[0].is_name("input") and tokens[1].is_name("as")
