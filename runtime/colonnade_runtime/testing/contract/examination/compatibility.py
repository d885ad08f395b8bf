"""Compatibility of a contract with the recorded one."""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_SPOKEN = frozenset({"title", "description", "examples", "deprecated", "default"})
"""Keywords that promise nothing about values."""

_DEPTH = 8
"""How many references are followed; a model may contain itself."""

_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


def breaking_changes(recorded: Schema, present: Schema) -> Iterator[str]:
    """A sentence for each promise of `recorded` that `present` does not keep."""
    old, new = resolved(recorded, recorded), resolved(present, present)
    for name, before in old["operations"].items():
        now = new["operations"].get(name)
        if now is None:
            yield f"The operation {name} is gone."
            continue
        yield from _operation_changes(name, before, now)
    for name, before in old["events"].items():
        now = new["events"].get(name)
        if now is None:
            yield f"The event {name} is gone."
            continue
        if now["key"] != before["key"]:
            yield f"{name} is keyed by '{now['key']}' instead of '{before['key']}'."
        yield from _told_less(name, before["data"], now["data"])


def _operation_changes(name: str, before: Schema, now: Schema) -> Iterator[str]:
    if before["idempotent"] and not now["idempotent"]:
        yield f"{name} may no longer be tried again."
    if before["stream"] != now["stream"]:
        yield f"{name} streams another way ({now['stream']} instead of {before['stream']})."
    for code in before["errors"].keys() - now["errors"].keys():
        yield f"{name} no longer declares the error '{code}', which callers may catch."
    yield from _takes_less(name, before["request"], now["request"])
    yield from _told_less(name, before["response"], now["response"])


def _takes_less(name: str, before: Schema, now: Schema) -> Iterator[str]:
    """A request that was valid stays valid."""
    old, new = before.get("properties", {}), now.get("properties", {})
    for field in old.keys() - new.keys():
        yield f"{name} no longer takes '{field}'."
    for field in set(now.get("required", ())) - set(before.get("required", ())):
        yield f"{name} requires '{field}', which it did not."
    for field in sorted(old.keys() & new.keys()):
        if not _admits(new[field], old[field]):
            yield f"{name} takes less in '{field}' than before."


def _told_less(name: str, before: Schema, now: Schema) -> Iterator[str]:
    """Differences that would break a reader of the old answer; more fields do not."""
    old, new = before.get("properties", {}), now.get("properties", {})
    for field in old.keys() - new.keys():
        yield f"{name} no longer tells '{field}'."
    for field in (set(before.get("required", ())) - set(now.get("required", ()))) & new.keys():
        yield f"{name} may leave '{field}' out, which it always told."
    for field in sorted(old.keys() & new.keys()):
        if not _admits(old[field], new[field], grows=True):
            yield f"{name} tells '{field}' in a form that was not possible before."


def _admits(wide: Any, narrow: Any, *, grows: bool = False) -> bool:
    """Tell whether every value of the schema `narrow` is one of `wide`, as far as can be seen.

    With `grows`, an object of `narrow` may have fields that `wide` does not know.
    """
    if isinstance(wide, dict) and "anyOf" in wide:
        options = narrow["anyOf"] if isinstance(narrow, dict) and "anyOf" in narrow else [narrow]
        return all(
            any(_admits(choice, option, grows=grows) for choice in wide["anyOf"])
            for option in options
        )
    if not isinstance(wide, dict) or not isinstance(narrow, dict):
        return bool(wide == narrow)
    return _bounds_admit(wide, narrow) and all(
        _keyword_admits(key, wide, narrow, grows)
        for key in (wide.keys() | narrow.keys()) - {*_UPPER, *_LOWER}
    )


def _keyword_admits(key: str, wide: dict[str, Any], narrow: dict[str, Any], grows: bool) -> bool:
    if key not in wide:
        return key in ("enum", "const", "pattern", "format", "required") or grows
    if key == "enum":
        return set(map(repr, _values(narrow))) <= set(map(repr, wide["enum"]))
    if key == "const" and "enum" in wide:
        return True
    if key not in narrow:
        return key == "required" and grows
    if key == "properties":
        common = wide[key].keys() & narrow[key].keys()
        known = wide[key].keys() <= narrow[key].keys() and (
            grows or narrow[key].keys() <= wide[key].keys()
        )
        return known and all(
            _admits(wide[key][name], narrow[key][name], grows=grows) for name in common
        )
    if key == "required":
        return set(wide[key]) <= set(narrow[key])
    return _admits(wide[key], narrow[key], grows=grows)


def _values(schema: dict[str, Any]) -> list[Any]:
    found = schema.get("enum", [schema["const"]] if "const" in schema else [object()])
    return list(found)


def _bounds_admit(wide: dict[str, Any], narrow: dict[str, Any]) -> bool:
    upper = all(_within(narrow.get(key), wide.get(key)) for key in _UPPER)
    return upper and all(_within(wide.get(key), narrow.get(key)) for key in _LOWER if key in wide)


def _within(smaller: float | None, larger: float | None) -> bool:
    if larger is None:
        return True
    return smaller is not None and smaller <= larger


def promises(schema: Any, *, are_names: bool = False) -> Any:
    """The schema without what promises nothing: titles, descriptions, defaults, examples."""
    if isinstance(schema, list):
        return [promises(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: promises(value, are_names=key in ("properties", "$defs"))
        for key, value in schema.items()
        if are_names or key not in _SPOKEN
    }


def resolved(schema: Any, document: Schema, depth: int = 0) -> Any:
    """The schema with its references followed, so that two documents can be compared."""
    if isinstance(schema, list):
        return [resolved(item, document, depth) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref", "")
    if reference and depth < _DEPTH:
        target = document.get("$defs", {}).get(reference.rpartition("/")[2], {})
        return resolved(target, document, depth + 1)
    return {
        key: resolved(value, document, depth) for key, value in schema.items() if key != "$defs"
    }
