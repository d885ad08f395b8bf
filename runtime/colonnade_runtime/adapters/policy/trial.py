"""Runs in a process of its own: compiles policies, asks them everything once, and tells.

The engine is native code that ends the whole process on some sources. Here it may.
"""

import json
import resource
import sys
from collections.abc import Mapping, Sequence

from colonnade_runtime.adapters.policy.program import (
    ACTIONS,
    DECISION,
    CompilationFault,
    EngineFault,
    Program,
    Source,
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


def try_out(
    modules: Sequence[Source], declaring: Sequence[str], narrowing: Sequence[str]
) -> dict[str, object]:
    """What came of it, as JSON data. `declaring` and `narrowing` are names of packages.

    `report` is the engine's when the modules do not compile, and nothing else is there then;
    `builtins` are those called; `actions` those known and `declared` those of each package (or
    `fault` says why they cannot be read); `answers` holds, per action and probe, the `answer` or
    the `fault`.
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
    for action in actions:
        granting = [name for name in declared if action in declared[name]]
        told = {"granting": granting, "narrowing": narrowing}
        for who, principal in PROBES.items():
            answer = _probe(program, action, principal, told)
            answers.append({"action": action, "who": who, **answer})
    return {"builtins": builtins, "actions": actions, "declared": declared, "answers": answers}


def _actions(program: Program, entry: str) -> list[str]:
    actions = program.answer(entry, "{}")
    if not isinstance(actions, list) or not all(isinstance(item, str) for item in actions):
        raise EngineFault("they are not a set of texts")
    return sorted(actions)


def _probe(
    program: Program, action: str, principal: Mapping[str, object], packages: Mapping[str, object]
) -> dict[str, object]:
    document = {
        "action": action,
        "resource_type": action.partition(".")[0],
        "principal": {**principal, "attributes": {}, "on_behalf_of": None},
        "tenant": {"id": "probe", "plan": "probe", "status": "active"},
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
    json.dump(try_out(sources, request["declaring"], request["narrowing"]), sys.stdout)
