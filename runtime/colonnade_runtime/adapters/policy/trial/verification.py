"""Tries policies out in a process of their own before the runtime takes them.

The engine is native code that ends the whole process on some sources, and a compilation may take
for ever. Neither may happen to a platform that only wanted to reload.
"""

import asyncio
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from colonnade.policy import (
    PolicyBundle,
    PolicyError,
    PolicyModule,
    PolicyProblem,
    Vocabulary,
    parse_decision,
)
from colonnade_runtime.adapters.policy.grants.anonymous_grants import anonymous_grants
from colonnade_runtime.adapters.policy.grants.cross_service_grants import (
    cross_service_grants,
    foreign_packages,
    unconfirmed,
)
from colonnade_runtime.adapters.policy.grants.overrides import shared_packages
from colonnade_runtime.adapters.policy.principal.proof import with_principal_uses
from colonnade_runtime.adapters.policy.rego.builtins import ALLOWED_BUILTINS, OPERATOR_BUILTINS
from colonnade_runtime.adapters.policy.rego.consulted_packages import (
    ConsultedPackages,
    consulted_packages,
    declaring,
    narrowing,
)
from colonnade_runtime.adapters.policy.rego.module_inspection import (
    SERVICE_PACKAGE,
    inspect_modules,
)
from colonnade_runtime.adapters.policy.rego.program import module_name
from colonnade_runtime.adapters.policy.rego.statements import outline
from colonnade_runtime.adapters.policy.trial.trial_process import CPU_SECONDS
from colonnade_runtime.adapters.policy.trial.verdict_cache import (
    VerdictCache,
    account_folder,
    verdict_key,
)
from colonnade_runtime.adapters.policy.vocabulary.misspelt_texts import (
    academies_of,
    inspect_vocabulary,
)

TIMEOUT = 90.0
"""Seconds on the clock for compiling and trying out; a busy machine takes its time."""

_VERIFIED = VerdictCache(account_folder())
_NAMES_AND_NUMBERS = re.compile(r"(?<!\w)'[^']*'|\d+")
"""Parts in which sentences about one mistake differ from answer to answer."""

_EVERYWHERE = "policies"
_TRIAL = "colonnade_runtime.adapters.policy.trial.trial_process"
_REPORTED = re.compile(
    r"\(error \d+:(?P<name>.*?)\|(?P<offset>\d+)\|\d+"
    r"\s*\(errormsg \d+:(?P<message>.*?)\)\s*\(errorast",
    re.DOTALL,
)


async def verify(bundle: PolicyBundle, verified: VerdictCache = _VERIFIED) -> ConsultedPackages:
    """Inspects the modules and tries them out in another process, unless the same have passed.

    Raises:
        PolicyError: with everything that is wrong with them.
    """
    key = verdict_key(bundle)
    found = await asyncio.to_thread(verified.find, key)
    if found is not None:
        return found
    async with verified.alone(key, TIMEOUT):
        found = await asyncio.to_thread(verified.find, key)
        if found is None:
            found = await _judged(bundle)
            await asyncio.to_thread(verified.keep, key, found)
    return found


async def _judged(bundle: PolicyBundle) -> ConsultedPackages:
    modules = bundle.modules
    problems = inspect_modules(modules)
    if problems:
        raise PolicyError([*problems, *await _further_problems(problems, modules)])
    if problems := [*shared_packages(bundle), *foreign_packages(bundle)]:
        # What the engine says of rules that stand there twice follows from that.
        raise PolicyError(problems)
    problems = inspect_vocabulary(modules, bundle.vocabulary)
    told = await trial_result(bundle)
    problems += await _problems(told, bundle, misspelt=bool(problems))
    if told is None or problems:
        raise PolicyError(problems)
    packages = consulted_packages(told["declared"], narrowing(modules))
    return with_principal_uses(packages, modules)


async def trial_result(bundle: PolicyBundle) -> dict[str, Any] | None:
    """Result of the trial of a bundle (see `run_policy_trial`); nothing when the engine did not
    survive it."""
    modules = bundle.modules
    roles = sorted(bundle.vocabulary.roles)
    return await _try_out(modules, narrowing(modules), academies_of(modules), roles)


async def _further_problems(
    found: Sequence[PolicyProblem], modules: Sequence[PolicyModule]
) -> list[PolicyProblem]:
    """Problems of the other files, so that all mistakes are told at once."""
    told = await _try_out(modules, ())
    if told is None or "report" not in told:
        return []
    told_already = {problem.path for problem in found} | {_EVERYWHERE}
    problems = compilation_problems(told["report"], modules)
    return [problem for problem in problems if problem.path not in told_already]


async def _problems(
    told: Mapping[str, Any] | None, bundle: PolicyBundle, *, misspelt: bool
) -> list[PolicyProblem]:
    """Problems that the trial showed. A misspelt name is not told again by what follows from it."""
    modules = bundle.modules
    if told is None:
        return [await _blame(modules)]
    if "report" in told:
        return compilation_problems(told["report"], modules)
    problems = list(_builtin_problems(told["builtins"]))
    if "fault" in told:
        message = f"the actions that policies know cannot be read: {told['fault']}."
        return [*problems, PolicyProblem(_EVERYWHERE, 0, 0, message)]
    if not misspelt:
        problems += missing_actions(bundle.actions, told["actions"], modules)
        problems += _answer_problems(told["answers"], bundle.vocabulary)
        strangers = anonymous_grants(told["strangers"], modules)
        found = {(grant.action, grant.package) for grant in strangers}
        problems += unconfirmed(cross_service_grants(bundle, told["declared"], found))
    return problems


async def _blame(modules: Sequence[PolicyModule]) -> PolicyProblem:
    """Names the file the engine does not survive, each tried with the entry point alone."""
    entry = [module for module in modules if _is_entry(module)]
    for module in modules:
        if not _is_entry(module) and await _try_out([*entry, module], ()) is None:
            return _crash(module.path)
    return _crash(_EVERYWHERE)


def _is_entry(module: PolicyModule) -> bool:
    return "package colonnade" in (line.strip() for line in module.source.splitlines())


def _crash(path: str) -> PolicyProblem:
    message = (
        "the policy engine did not survive this file, or was still busy after "
        f"{CPU_SECONDS} s; simplify the rule that was changed last."
    )
    return PolicyProblem(path, 0, 0, message)


async def _try_out(
    modules: Sequence[PolicyModule],
    narrow: Sequence[str],
    academies: Sequence[Mapping[str, str]] = (),
    roles: Sequence[str] = (),
) -> dict[str, Any] | None:
    """Run the trial in another process; nothing when that did not live to tell."""
    sources = [(module.path, module.source) for module in modules]
    request = json.dumps({
        "modules": sources,
        "declaring": declaring(modules),
        "narrowing": narrow,
        "academies": academies,
        "roles": roles,
    })  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", _TRIAL,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIMEOUT):
            output, _ = await process.communicate(request.encode())
    except TimeoutError:
        return None
    finally:
        if process.returncode is None:
            process.kill()
            # `wait` alone may hang on a pipe that nobody reads.
            await process.communicate()
    if process.returncode != 0:
        return None
    told: dict[str, Any] = json.loads(output)
    return told


def compilation_problems(report: str, modules: Sequence[PolicyModule]) -> list[PolicyProblem]:
    """The engine's report as problems with file, line and column.

    `modules` are those that were compiled, in that order.
    """
    by_name = {module_name(index): module for index, module in enumerate(modules)}
    found: dict[PolicyProblem, None] = {}
    for match in _REPORTED.finditer(report):
        place = _place(by_name.get(match["name"]), int(match["offset"]))
        message = " ".join(match["message"].split()).lower().rstrip(".")
        found[PolicyProblem(*place, f"{message}.")] = None
    return list(found) or [PolicyProblem(_EVERYWHERE, 0, 0, "the policies do not compile.")]


def _place(module: PolicyModule | None, offset: int) -> tuple[str, int, int]:
    """Path, line and column of the byte at `offset` of a module."""
    if module is None:
        return _EVERYWHERE, 0, 0
    before = module.source.encode()[:offset].decode("utf-8", "ignore")
    return module.path, before.count("\n") + 1, len(before) - before.rfind("\n")


def missing_actions(
    actions: Mapping[str, str], known: Iterable[str], modules: Sequence[PolicyModule] = ()
) -> list[PolicyProblem]:
    """A problem for each action of an operation that no policy knows.

    A service of whose policy there is no file among `modules` is one problem.
    """
    places = (Path(module.path).parent for module in modules if _is_entry(module))
    folder = next((place for place in places if place.name), Path("policies"))
    by_package = {outline(module).package: module for module in modules}
    missing: dict[str, list[str]] = {}
    for action in sorted(set(actions) - set(known)):
        missing.setdefault(actions[action], []).append(action)
    problems = []
    for service, names in missing.items():
        path = str(folder / f"{service}.rego")
        module = by_package.get(f"{SERVICE_PACKAGE}{service}")
        is_there = not modules or module is not None
        sentences = [_missing(name, service) for name in names]
        if not is_there and len(names) > 1:
            sentences = [_missing_file(service, names)]
        place = (path, 0, 0) if module is None else _package_place(module)
        problems += [PolicyProblem(*place, sentence) for sentence in sentences]
    return problems


def _package_place(module: PolicyModule) -> tuple[str, int, int]:
    """Place at which a module says its package: the nearest there is to a rule that is missing."""
    lines = module.source.splitlines()
    found = (number for number, line in enumerate(lines, 1) if line.startswith("package"))
    return module.path, next(found, 1), 1


def _missing(action: str, service: str) -> str:
    return (
        f"no policy knows the action '{action}' of service '{service}'; "
        f"add 'actions contains \"{action}\"' and say who may do it."
    )


def _missing_file(service: str, names: Sequence[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (
        f"there is no policy of service '{service}', with 'package {SERVICE_PACKAGE}{service}'; it"
        f" has to say who may do {shown}{more}."
    )


def _builtin_problems(called: Iterable[str]) -> Iterable[PolicyProblem]:
    for name in sorted(set(called) - set(ALLOWED_BUILTINS) - set(OPERATOR_BUILTINS)):
        message = f"the built-in '{name}' is not among those that policies may call."
        yield PolicyProblem(_EVERYWHERE, 0, 0, message)


def _answer_problems(
    answers: Iterable[Mapping[str, Any]], vocabulary: Vocabulary
) -> Iterable[PolicyProblem]:
    mistakes: dict[PolicyProblem, None] = {}
    undecided: dict[str, list[tuple[str, str]]] = {}
    for item in answers:
        action = item["action"]
        decision = parse_decision(item.get("answer"), action=action, resource_type="probe")
        reason = item.get("fault") or (decision.reason or "" if decision.failed else None)
        if reason:
            message = f"'{action}' cannot be decided for {item['who']}: {reason.rstrip('.')}."
            # One rule in error fails every action for everybody, each at its place in the answer.
            alike = undecided.setdefault(_NAMES_AND_NUMBERS.sub("", reason), [])
            alike.append((action, message))
            continue
        for mistake in vocabulary.mistakes(decision):
            message = f"the answer for '{action}' is wrong: {mistake}."
            mistakes[PolicyProblem(_EVERYWHERE, 0, 0, message)] = None
    for alike in undecided.values():
        (_, message), *others = alike
        if others:
            actions = len({action for action, _ in alike})
            message += (
                f" The same goes for {len(others)} more answers, to {_actions(actions)} in all."
            )
        yield PolicyProblem(_EVERYWHERE, 0, 0, message)
    yield from mistakes


def _actions(number: int) -> str:
    return "one action" if number == 1 else f"{number} actions"
