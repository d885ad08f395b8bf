"""Sandboxed Jinja for templates that strangers write: bounded before it runs, and limited to its
facts.

A template is checked as a syntax tree against a short list of what it may contain. There are no
calls, no arithmetic, no assignments and no macros, loops run over given lists only and not inside
each other, and attributes are looked up in plain data. So its time and output are bounded by its
own length times the length of the lists, and no deadline has to be enforced on it.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Template as Compiled
from jinja2 import TemplateError, Undefined, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context as Filling
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from colonnade.errors import ColonnadeError
from colonnade_notification.wording import locales

MAXIMUM_OUTPUT = 200_000
"""Characters one part of a message may have."""

MAXIMUM_SOURCE = 24_000
MAXIMUM_ITEMS = 200
"""Items of a list that a loop runs over; the rest is left out."""

MAXIMUM_VALUE = 4_000
"""Characters of one fact; the rest is left out."""

MAXIMUM_DEPTH = 40

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.Filter, nodes.Test, nodes.If, nodes.CondExpr, nodes.For, nodes.Compare,
    nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Keyword,
)  # fmt: skip
_FILTERS = frozenset(
    ["capitalize", "date", "datetime", "default", "escape", "first", "last", "length", "lower",
     "money", "title", "trim", "truncate", "upper"]
)  # fmt: skip
_TESTS = frozenset(
    ["defined", "undefined", "none", "string", "number", "eq", "ne", "true", "false"]
)
_LOOP = frozenset(["index", "first", "last", "length"])


class TemplateRefused(ColonnadeError):
    """The template contains something that templates may not, or cannot be read."""

    code = "notification.template_refused"
    status = 422
    title = "The template cannot be used"


class _Sandbox(ImmutableSandboxedEnvironment):
    """Reads plain data only; nothing can be called."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str):
            return obj.get(argument, self.undefined(name=argument))
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        return self.undefined(name=str(argument))

    def is_safe_callable(self, obj: Any) -> bool:
        return False


class _SilentUndefined(Undefined):
    """Undefined values print nothing, and so do their attributes."""

    def __getattr__(self, name: str) -> "_SilentUndefined":
        if name[:2] == "__":
            raise AttributeError(name)
        return self


def _environment(*, escape: bool) -> _Sandbox:
    made = _Sandbox(autoescape=escape, undefined=_SilentUndefined, cache_size=0, trim_blocks=True)
    made.optimized = False
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS if name in made.filters}
    made.filters |= {"money": _money, "date": _date, "datetime": _datetime}
    made.tests = {name: made.tests[name] for name in made.tests if name in _TESTS}
    return made


@pass_context
def _money(filling: Filling, value: Any) -> str:
    return locales.money(value, filling["locale"])


@pass_context
def _date(filling: Filling, value: Any) -> str:
    return locales.date(value, filling["locale"], filling["timezone"])


@pass_context
def _datetime(filling: Filling, value: Any) -> str:
    return locales.date_and_time(value, filling["locale"], filling["timezone"])


_TEXT = _environment(escape=False)
_HTML = _environment(escape=True)


def check(source: str, known: Mapping[str, Any]) -> None:
    """Check that a template may be used, and names known facts only.

    Raises:
        TemplateRefused: a sentence that says what, and in which line.
    """
    tree = _parsed(source)
    for name, line in _free_names(tree, set(known)):
        names = ", ".join(sorted(known))
        raise TemplateRefused(f"Line {line}: there is no '{name}' here; there is: {names}.")


def render(source: str, facts: Mapping[str, Any], *, escape: bool) -> str:
    """Fill a template with `facts`, which are plain data.

    Raises:
        TemplateRefused: the template may not be used or is too long when filled.
    """
    try:
        return _joined(_compiled(source, escape).generate(_bounded(dict(facts))))
    except TemplateRefused:
        raise
    except Exception as error:
        raise TemplateRefused(f"The template cannot be filled: {_reason(error)}.") from None


@lru_cache(maxsize=500)
def _compiled(source: str, escape: bool) -> Compiled:
    _parsed(source)
    return (_HTML if escape else _TEXT).from_string(source)


def _joined(pieces: Iterator[str]) -> str:
    kept: list[str] = []
    length = 0
    for piece in pieces:
        length += len(piece)
        if length > MAXIMUM_OUTPUT:
            raise TemplateRefused(f"Filled, it has more than {MAXIMUM_OUTPUT} characters.")
        kept.append(piece)
    return "".join(kept)


def _bounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _bounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value[:MAXIMUM_ITEMS]]
    if isinstance(value, bool | int | float | None):
        return value
    return str(value)[:MAXIMUM_VALUE]


def _parsed(source: str) -> nodes.Template:
    if len(source) > MAXIMUM_SOURCE:
        raise TemplateRefused(f"A template may have {MAXIMUM_SOURCE} characters at most.")
    try:
        tree = _HTML.parse(source)
        # Before anything is compiled: the compiler works out what is constant, such as 9**9**9.
        _inspect(tree, depth=0, in_loop=False)
        _HTML.compile(tree)
    except (TemplateError, RecursionError, MemoryError, SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        place = f"Line {line}: " if line else ""
        raise TemplateRefused(f"{place}it is not a template: {_reason(error)}.") from None
    return tree


def _inspect(node: nodes.Node, *, depth: int, in_loop: bool) -> None:
    if depth > MAXIMUM_DEPTH:
        raise _refused(node, "is nested too deeply")
    if not isinstance(node, _ALLOWED):
        raise _refused(node, f"uses {_named(node)}, which templates may not")
    if isinstance(node, nodes.For):
        _inspect_loop(node, in_loop)
        in_loop = True
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise _refused(
            node, f"uses the filter '{node.name}'; there are: {', '.join(sorted(_FILTERS))}"
        )
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise _refused(node, f"uses the test '{node.name}', which templates may not")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        raise _refused(node, f"reaches for '{node.attr}'; templates see given facts only")
    for child in node.iter_child_nodes():
        _inspect(child, depth=depth + 1, in_loop=in_loop)


def _inspect_loop(loop: nodes.For, in_loop: bool) -> None:
    if in_loop:
        raise _refused(loop, "has a loop inside a loop")
    if loop.recursive:
        raise _refused(loop, "has a recursive loop")
    if not isinstance(loop.iter, nodes.Name | nodes.Getattr):
        raise _refused(loop, "loops over something else than a given list")


def _free_names(tree: nodes.Template, known: set[str]) -> Iterator[tuple[str, int]]:
    bound = {name.name for loop in tree.find_all(nodes.For) for name in _targets(loop)} | {"loop"}
    for name in tree.find_all(nodes.Name):
        if name.ctx == "load" and name.name not in known | bound:
            yield name.name, name.lineno


def _targets(loop: nodes.For) -> Iterator[nodes.Name]:
    if isinstance(loop.target, nodes.Name):
        yield loop.target
    yield from loop.target.find_all(nodes.Name)


def _refused(node: nodes.Node, what: str) -> TemplateRefused:
    return TemplateRefused(f"Line {node.lineno}: the template {what}.")


def _named(node: nodes.Node) -> str:
    names = {nodes.Call: "a call", nodes.Assign: "'set'", nodes.AssignBlock: "'set'"}
    if isinstance(node, nodes.BinExpr | nodes.UnaryExpr):
        return "arithmetic"
    return names.get(type(node), f"'{type(node).__name__.lower()}'")


def _reason(error: BaseException) -> str:
    if isinstance(error, SecurityError):
        return "it reaches for what it may not see"
    if isinstance(error, RecursionError | MemoryError):
        return "it is nested too deeply"
    return str(error).strip().rstrip(".")[:200] or "it says something that cannot be read"
