"""Pages of the reference, made from the code: core for plugin authors, operations, events.

    make reference

A test compares the pages with what this makes.
"""

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from colonnade.events import event_type_of
from colonnade.operations import Operation, Stream, operation_of
from colonnade_runtime.cli.plan_schemas import (
    MessageField,
    fields_in,
    fields_of,
    schema_of,
    type_text,
)

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SERVICES = ("user", "course", "content", "payment", "notification", "analytics")
MADE = "*Made from the code by `make reference`; a test compares.*\n"
Function = ast.FunctionDef | ast.AsyncFunctionDef


def pages() -> dict[str, str]:
    """Text of each page by its file's name."""
    return {
        "core.md": "\n".join(core_page()),
        "operations.md": "\n".join(operations_page()),
        "events.md": "\n".join(events_page()),
    }


def core_page() -> Iterator[str]:
    """Every public name of `colonnade`, module by module, with its signature."""
    yield "# The package `colonnade`\n"
    yield "What a plugin may import: every module, and in it every name without an underscore.\n"
    yield MADE
    for path in sorted((ROOT / "core" / "colonnade").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT / "core").with_suffix("").parts)
        tree = ast.parse(path.read_text("utf-8"))
        entries = [*gathered(tree, path), *entries_of(tree)]
        if entries:
            yield f"## `{name.removesuffix('.__init__')}`\n"
            yield prose(ast.get_docstring(tree) or "")
            yield from entries


def gathered(tree: ast.Module, path: Path) -> Iterator[str]:
    """Names that a package gathers from its modules."""
    if path.name == "__init__.py":
        taken = [
            f"- `{each.asname or each.name}`, of `{node.module}`"
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for each in node.names
        ]
        if taken:
            yield "\n".join(taken) + "\n"


def entries_of(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and constants of a module, in the order of the file."""
    for node, following in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, Function) and is_public(node.name):
            yield f"### `{signature(node)}`\n"
            yield prose(ast.get_docstring(node) or "")
        elif isinstance(node, ast.ClassDef) and is_public(node.name):
            yield from class_entries(node)
        elif (named := constant(node)) is not None:
            yield f"### `{named}`\n"
            yield prose(said_below(following))


def class_entries(node: ast.ClassDef) -> Iterator[str]:
    """A class with its fields, which the constructor of a data class takes, and its methods."""
    bases = ", ".join(ast.unparse(each) for each in node.bases)
    yield f"### `class {node.name}{f'({bases})' if bases else ''}`\n"
    yield prose(ast.get_docstring(node) or "")
    lines = []
    for each, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(each, Function) and (is_public(each.name) or each.name == "__init__"):
            lines.append(item(signature(each), ast.get_docstring(each) or ""))
        elif (named := constant(each)) is not None:
            lines.append(item(named, said_below(following)))
    if lines:
        yield "\n".join(lines) + "\n"


def item(code: str, said: str) -> str:
    """Line of a list: code, and the first paragraph of what is said of it."""
    first = " ".join(said.partition("\n\n")[0].split())
    return f"- `{code}`" + (f": {escaped(first)}" if first else "")


def signature(node: Function) -> str:
    """A function as its definition writes it, without `self`."""
    arguments = re.sub(r"^(self|cls)(, |$)", "", ast.unparse(node.args))
    returned = f" -> {ast.unparse(node.returns)}" if node.returns is not None else ""
    is_property = any("property" in ast.unparse(each) for each in node.decorator_list)
    if is_property:
        return f"{node.name}{returned.replace(' -> ', ': ')}"
    kind = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    return f"{kind}{node.name}({arguments}){returned}"


def constant(node: ast.stmt) -> str | None:
    """A public name that a module or class gives a value or a type."""
    match node:
        case ast.AnnAssign(target=ast.Name(id=name)) if is_public(name):
            value = "" if node.value is None else f" = {short(node.value)}"
            return f"{name}: {ast.unparse(node.annotation)}{value}"
        case ast.Assign(targets=[ast.Name(id=name)]) if is_public(name) and name != "model_config":
            if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "TypeVar":
                return None
            return f"{name} = {short(node.value)}"
    return None


def short(value: ast.expr) -> str:
    """A value, unless it is long."""
    text = " ".join(ast.unparse(value).split())
    return text if len(text) <= 80 else "…"


def said_below(node: ast.stmt | None) -> str:
    """Text that stands below a name as its documentation."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return inspect.cleandoc(str(node.value.value))
    return ""


def is_public(name: str) -> bool:
    """True for names without an underscore in front."""
    return not name.startswith("_")


def prose(text: str) -> str:
    """A docstring as Markdown: examples become blocks, what it raises a list."""
    parts = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("Raises:"):
            parts.append(raised(paragraph))
        elif paragraph.startswith("    "):
            parts.append(f"```\n{textwrap.dedent(paragraph)}\n```")
        else:
            parts.append(escaped(paragraph))
    return "\n\n".join(parts) + "\n"


def raised(paragraph: str) -> str:
    """Errors and when they are raised."""
    body = textwrap.dedent(paragraph.partition("\n")[2])
    items = re.split(r"\n(?=\S)", body)
    lines = (" ".join(each.split()) for each in items if each.strip())
    return "Raises:\n\n" + "\n".join(f"- {escaped(line)}" for line in lines)


def escaped(text: str) -> str:
    """Text whose brackets make no link, and angles no tag, outside of code."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        part if part.startswith("`") else re.sub(r"[\[\]<>]", lambda found: f"\\{found[0]}", part)
        for part in parts
    )


def operations_page() -> Iterator[str]:
    """Every operation of the services that come with Colonnade, with what it takes."""
    yield "# Operations\n"
    yield (
        "What the services of this repository may be asked, over the bus by `ctx.ask` as over\n"
        "HTTP. A field with a question mark may be left out. `colonnade plan --schemas` shows the\n"
        "same of every plugin that you enable, and `--format json` the JSON Schemas.\n"
    )
    yield MADE
    for service in SERVICES:
        yield f"## {service}\n"
        requests = importlib.import_module(f"colonnade_{service}.plugin").operations()
        for request in requests:
            yield from operation_entry(operation_of(request))
        yield f"### Messages of {service}\n"
        operations = [operation_of(request) for request in requests]
        models = [*(each.response for each in operations), *(each.request for each in operations)]
        yield from definitions(models, {each.request.__name__ for each in operations})


def operation_entry(operation: Operation) -> Iterator[str]:
    """One operation: what it is for, how it is decided on, what it takes."""
    yield f"### `{operation.name}` → `{operation.response.__name__}`\n"
    yield prose(inspect.getdoc(operation.request) or "")
    facts = [f"`{operation.subject}`", f"action `{operation.action}`"]
    facts += ["idempotent"] if operation.idempotent else []
    facts += [f"{operation.stream} beside it"] if operation.stream is not Stream.NONE else []
    codes = ", ".join(f"`{error.code}`" for error in operation.errors)
    facts += [f"errors {codes}"] if codes else []
    yield "; ".join(facts) + ".\n"
    yield from table(fields_of(operation.request))


def definitions(models: Iterable[type[BaseModel]], told: set[str]) -> Iterator[str]:
    """Messages and enumerations that `models` are or speak of, each once, but for `told`."""
    schemas: dict[str, Any] = {}
    for model in models:
        schema = schema_of(model)
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema
    for name, schema in sorted(schemas.items()):
        if name in told or name.startswith("Page[") or name == "Empty":
            continue
        yield f"#### `{name}`\n"
        if "properties" in schema:
            yield from table(fields_in(schema))
        else:
            yield f"{cell(type_text(schema))}\n"


def events_page() -> Iterator[str]:
    """Every event that the services publish, with its fields."""
    yield "# Events\n"
    yield (
        "What the services of this repository publish: return the class from `subscriptions`, and\n"
        "react with `@reacts_to`. Events of one key are handled in the order in which they were\n"
        "committed. Types are those of [operations](operations.md).\n"
    )
    yield MADE
    for service in SERVICES:
        plugin = importlib.import_module(f"colonnade_{service}.plugin")
        events = getattr(plugin, "events", tuple)()
        if events:
            yield f"## {service}\n"
        for model in events:
            found = event_type_of(model)
            yield f"### `{model.__name__}`\n"
            yield prose(inspect.getdoc(model) or "")
            yield f"`{found.type}`, by `{found.key}`.\n"
            yield from table(fields_of(model))


def table(fields: Sequence[MessageField]) -> Iterator[str]:
    """Fields of a message with their types and what is said of them."""
    if fields:
        rows = [
            f"| `{field.name}`{'' if field.required else ' ?'} | {cell(field.type)} "
            f"| {cell(field.description)} |"
            for field in fields
        ]
        yield "\n".join(["| field | type | |", "|---|---|---|", *rows]) + "\n"


def cell(text: str) -> str:
    """Text in a table."""
    return escaped(" ".join(text.split())).replace("|", "\\|")


def write() -> None:
    """Write every page into this folder."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
