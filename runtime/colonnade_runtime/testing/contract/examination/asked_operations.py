"""Operations that a plugin asks as itself, found in its source.

A service asks as itself in its reactions and schedules, in the steps of its sagas, and within
`with ctx.as_service():`; functions of its package that are called from there count with them.
"""

import ast
import importlib
import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from colonnade.messages import Request
from colonnade.operations import Operation
from colonnade_runtime.testing.contract.examination.subject import Subject

Function = ast.FunctionDef | ast.AsyncFunctionDef

_SKIPPED = frozenset({"migrations", "tests"})


@dataclass(frozen=True, slots=True)
class Question:
    """Question that a plugin asks as itself, and where."""

    place: str
    operation: Operation


@dataclass(frozen=True, slots=True)
class _Source:
    """A module of the plugin; `aliases` has what it imports, by the name that it uses."""

    name: str
    place: Path
    tree: ast.Module
    aliases: dict[str, str] = field(default_factory=dict)


def asked_as_service(subject: Subject) -> list[Question]:
    """Questions to other services that the plugin asks as itself, each once."""
    sources = list(_sources(subject))
    named = _named_by_runtime(subject)
    functions: dict[str, list[tuple[_Source, Function]]] = {}
    waiting: list[tuple[_Source, ast.AST]] = []
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, Function):
                functions.setdefault(node.name, []).append((source, node))
                if node.name in named or _reacts(node):
                    waiting.append((source, node))
            elif isinstance(node, ast.With) and _is_as_service(node):
                waiting += [(source, each) for each in node.body]
    return list(_questions(subject, waiting, functions))


def _questions(
    subject: Subject,
    waiting: list[tuple[_Source, ast.AST]],
    functions: dict[str, list[tuple[_Source, Function]]],
) -> Iterator[Question]:
    seen: set[int] = set()
    told: set[str] = set()
    while waiting:
        source, root = waiting.pop()
        if id(root) in seen:
            continue
        seen.add(id(root))
        for call in (node for node in ast.walk(root) if isinstance(node, ast.Call)):
            operation = _asked(source, call)
            if operation is None:
                # Of several functions of one name nobody can tell which is meant.
                called = functions.get(_last_name(call.func), [])
                waiting += called if len(called) == 1 else []
            elif operation.service != subject.service and operation.subject not in told:
                told.add(operation.subject)
                yield Question(f"{source.place}:{call.lineno}", operation)


def _asked(source: _Source, call: ast.Call) -> Operation | None:
    """The operation in `….ask(GetCourse(…))`, also of `GetCourse.model_validate(…)`."""
    if _last_name(call.func) != "ask" or not call.args or not isinstance(call.args[0], ast.Call):
        return None
    made = call.args[0].func
    for written in (made, made.value if isinstance(made, ast.Attribute) else made):
        operation = getattr(_value(source, ast.unparse(written)), "__operation__", None)
        if isinstance(operation, Operation):
            return operation
    return None


def _value(source: _Source, written: str) -> Any:
    first, *rest = written.split(".")
    path = ".".join([source.aliases.get(first, f"{source.name}.{first}"), *rest])
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return found if inspect.isclass(found) and issubclass(found, Request) else None


def _named_by_runtime(subject: Subject) -> set[str]:
    """Methods that schedules and sagas name."""
    found = {each.run for each in subject.answer("schedules") or ()}
    for saga in subject.answer("sagas") or ():
        for step in saga.steps:
            found |= {step.action, step.compensation, step.resolve}
    return {name for name in found if name}


def _reacts(node: Function) -> bool:
    return any(ast.unparse(each).startswith("reacts_to(") for each in node.decorator_list)


def _is_as_service(node: ast.With) -> bool:
    calls = (item.context_expr for item in node.items)
    return any(
        isinstance(each, ast.Call) and _last_name(each.func) == "as_service" for each in calls
    )


def _last_name(written: ast.expr) -> str:
    return ast.unparse(written).rpartition(".")[2]


def _sources(subject: Subject) -> Iterator[_Source]:
    folder = subject.folder
    if folder is None or subject.package == subject.module.__name__:
        return
    for path in sorted(folder.rglob("*.py")):
        inside = path.relative_to(folder).with_suffix("").parts
        if _SKIPPED.isdisjoint(inside):
            name = ".".join([subject.package, *(part for part in inside if part != "__init__")])
            tree = ast.parse(path.read_text("utf-8"), str(path))
            yield _Source(name, path.relative_to(folder.parent), tree, dict(_aliases(tree.body)))


def _aliases(nodes: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in (each for top in nodes for each in ast.walk(top)):
        if isinstance(node, ast.Import):
            yield from ((each.asname or each.name, each.name) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for each in node.names:
                yield each.asname or each.name, f"{node.module}.{each.name}"
