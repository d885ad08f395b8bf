"""Runs in a process of its own: compiles policies, asks them everything once, and tells.

The engine is native code that ends the whole process on some sources. Here it may.
"""

import json
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence

from colonnade.tenant_status import TenantStatus
from colonnade_runtime.adapters.policy.rego.program import (
    ACTIONS,
    DECISION,
    CompilationFault,
    EngineFault,
    ModuleText,
    Program,
    input_text,
)

CPU_SECONDS = 20
"""Work that all policies together may take; the kernel ends what goes on for longer."""

PROBES: Mapping[str, Mapping[str, object]] = {
    "an anonymous principal": {"id": "anonymous", "kind": "anonymous", "roles": []},
    "a user": {"id": "user", "kind": "user", "roles": ["learner"]},
    "an owner": {"id": "owner", "kind": "user", "roles": ["owner"]},
    "a service": {"id": "service:probe", "kind": "service", "roles": []},
}


NO_ACADEMY: Mapping[str, object] = {}

MOST_ACADEMIES = 4
"""In how many academies each kind of principal asks, beside one of which no policy speaks."""

STRANGER = "an anonymous principal"
"""The probe that stands for whoever has not signed in."""


def run_policy_trial(
    modules: Sequence[ModuleText],
    declaring: Sequence[str],
    narrowing: Sequence[str],
    academies: Sequence[Mapping[str, object]] = (),
    roles: Sequence[str] = (),
) -> dict[str, object]:
    """Compile the modules and ask them; the result as JSON data. `declaring` and `narrowing` are
    names of packages.

    `report` is the engine's when the modules do not compile, and nothing else is there then;
    `builtins` are those called; `actions` those known and `declared` those of each package (or
    `fault` says why they cannot be read); `answers` holds, per action and probe, the `answer` or
    the `fault`; `strangers` the answers, per action and the one package that grants it, for a
    stranger in each of `academies`, as far as anything is granted.
    """
    entries = {name: f"colonnade/services/{name}/actions" for name in declaring}
    try:
        program = Program(modules, (DECISION, ACTIONS, *entries.values()))
    except CompilationFault as fault:
        return {"report": str(fault)}
    builtins = sorted(program.builtins())
    try:
        actions = _actions(program, ACTIONS)
        declared = {name: _actions(program, entry) for name, entry in entries.items()}
    except EngineFault as fault:
        return {"builtins": builtins, "fault": str(fault)}
    answers = []
    strangers: list[dict[str, object]] = []
    for action in actions:
        granting = [name for name in declared if action in declared[name]]
        told = {"granting": granting, "narrowing": narrowing}
        for who, principal, academy in _askers(academies, roles):
            answer = _probe(program, action, principal, told, academy)
            answers.append({"action": action, "who": who, **answer})
        for name in granting:
            strangers += _grants_to_strangers(program, action, name, narrowing, academies)
    return {
        "builtins": builtins,
        "actions": actions,
        "declared": declared,
        "answers": answers,
        "strangers": strangers,
    }


def _askers(
    academies: Sequence[Mapping[str, object]], roles: Sequence[str]
) -> Iterator[tuple[str, Mapping[str, object], Mapping[str, object]]]:
    """Principals that ask, for whom each answer has to be one: of every role, in some academies."""
    people = {
        f"a user with the role '{role}'": {"id": "user", "kind": "user", "roles": [role]}
        for role in roles
    }
    for academy in (NO_ACADEMY, *academies[:MOST_ACADEMIES]):
        for who, principal in {**PROBES, **people}.items():
            yield who, principal, academy


def _grants_to_strangers(
    program: Program,
    action: str,
    package: str,
    narrowing: Sequence[str],
    academies: Sequence[Mapping[str, object]],
) -> Iterator[dict[str, object]]:
    told = {"granting": [package], "narrowing": narrowing}
    seen: list[object] = []
    for academy in (NO_ACADEMY, *academies):
        found = _probe(program, action, PROBES[STRANGER], told, academy)
        answer = found.get("answer")
        if isinstance(answer, dict) and answer.get("grants") and answer not in seen:
            seen.append(answer)
            yield {"action": action, "package": package, "answer": answer}


def _actions(program: Program, entry: str) -> list[str]:
    actions = program.answer(entry, "{}")
    if not isinstance(actions, list) or not all(isinstance(item, str) for item in actions):
        raise EngineFault("they are not a set of texts")
    return sorted(actions)


def _probe(
    program: Program,
    action: str,
    principal: Mapping[str, object],
    packages: Mapping[str, object],
    academy: Mapping[str, object] = NO_ACADEMY,
) -> dict[str, object]:
    document = {
        "action": action,
        "resource_type": action.partition(".")[0],
        "principal": {**principal, "attributes": {}, "on_behalf_of": None},
        "tenant": {"id": "probe", "plan": "probe", "status": TenantStatus.ACTIVE.value, **academy},
        "tenant_data": {},
        "packages": packages,
    }
    try:
        return {"answer": program.answer(DECISION, input_text(document))}
    except EngineFault as fault:
        return {"fault": str(fault)}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    request = json.load(sys.stdin)
    sources = [(path, text) for path, text in request["modules"]]
    asked = (request["declaring"], request["narrowing"], request["academies"], request["roles"])
    json.dump(run_policy_trial(sources, *asked), sys.stdout)
