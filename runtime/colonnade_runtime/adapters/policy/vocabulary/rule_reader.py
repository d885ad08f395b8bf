"""Reads the rules of a module into families: which terms meet which."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from colonnade_runtime.adapters.policy.rego.called_names import (
    closing,
    declared,
    end_of_term,
    start_of_term,
)
from colonnade_runtime.adapters.policy.rego.statements import OPENING, ModuleOutline, Statement
from colonnade_runtime.adapters.policy.rego.tokens import Token, TokenKind
from colonnade_runtime.adapters.policy.vocabulary.text_kinds import (
    KEYS,
    PolicyText,
    TextFamilies,
    TextKind,
)

_INPUT = {
    "action": TextKind.ACTION,
    "resource_type": TextKind.RESOURCE,
    "principal.roles": TextKind.ROLE,
    "principal.kind": TextKind.PRINCIPAL_KIND,
    "principal.id": TextKind.PRINCIPAL,
    "tenant.status": TextKind.STATUS,
    "tenant.plan": TextKind.PLAN,
    "tenant.id": TextKind.ACADEMY,
}
_SETS = {"actions": TextKind.ACTION, "masks": TextKind.MASK}
_MEMBERS = {"field": TextKind.FIELD, "op": TextKind.OPERATOR, "relation": TextKind.RELATION}
"""Members of a condition."""
_OF_CONDITIONS = frozenset({*_MEMBERS, "value", "subject"})
_JOINING = ("==", "!=", "=", ":=", "&", "|", "-")
_PARTS = ("startswith", "endswith", "contains")
_TEXTS = (TokenKind.TEXT, TokenKind.RAW_TEXT)
_WORDS = frozenset({"if", "else", "not", "some", "every", "in", "contains", "default", "with"})


@dataclass(frozen=True)
class RuleReader:
    """One rule of a module whose package defines `names`."""

    families: TextFamilies
    item: ModuleOutline
    rule: Statement
    names: frozenset[str]

    def read(self) -> None:
        """Join what meets in the rule."""
        tokens = self.rule.tokens
        for index, token in enumerate(tokens):
            if token.is_symbol(*_JOINING):
                self.families.join(self._before(index), self._after(index))
            elif token.is_name("in") and not token.member:
                self._member(index)
            elif token.is_symbol("(") and index and tokens[index - 1].kind is TokenKind.NAME:
                self._call(index)
            elif token.is_symbol(":"):
                self._condition(index)
            elif token.kind in _TEXTS:
                self.families.add(self._literal(token), PolicyText(self.item, token))
        if len(tokens) > 1 and tokens[1].is_name("contains"):
            self.families.join(self._package(self.rule.head.text), self._after(1))

    def _member(self, index: int) -> None:
        """`x in xs`, and `some k, x in xs`."""
        tokens, collection = self.rule.tokens, self._after(index)
        self.families.join(self._before(index), collection)
        start = start_of_term(tokens, index - 1)
        if start > 1 and tokens[start - 1].is_symbol(",") and collection is not None:
            self.families.join(self._before(start - 1), (KEYS, collection))

    def _call(self, index: int) -> None:
        """Join what is passed with the argument of that place, for functions of ours."""
        tokens = self.rule.tokens
        name = tokens[index - 1]
        arguments = list(self._arguments(index))
        if name.member:
            if name.text == "get" and len(arguments) > 1 and arguments[0] is not None:
                self.families.join(arguments[1], (KEYS, arguments[0]))
        elif name.text in self.names:
            for place, argument in enumerate(arguments):
                self.families.join(argument, ("argument", self.item.package, name.text, place))
        elif name.text in _PARTS and len(arguments) == 2:
            last = tokens[closing(tokens, index) - 1]
            if last.kind in _TEXTS:
                self.families.add(arguments[0], PolicyText(self.item, last, name.text))

    def _arguments(self, index: int) -> Iterator[Hashable | None]:
        tokens, end = self.rule.tokens, closing(self.rule.tokens, index)
        position = index + 1
        while position < end:
            yield self._after(position - 1)
            while position < end and not tokens[position].is_symbol(","):
                bracket = tokens[position].is_symbol(*OPENING)
                position = closing(tokens, position) + 1 if bracket else position + 1
            position += 1

    def _condition(self, index: int) -> None:
        """`"field": x` names a field, wherever it stands."""
        member = self.rule.tokens[index - 1]
        kind = _MEMBERS.get(member.text.strip('"`')) if member.kind in _TEXTS else None
        if kind is not None:
            self.families.join(kind, self._after(index))

    def _before(self, index: int) -> Hashable | None:
        if index == 0:
            return None
        return self._term(start_of_term(self.rule.tokens, index - 1), index - 1)

    def _after(self, index: int) -> Hashable | None:
        if index + 1 >= len(self.rule.tokens):
            return None
        return self._term(index + 1, min(end_of_term(self.rule.tokens, index + 1), self._last))

    @property
    def _last(self) -> int:
        return len(self.rule.tokens) - 1

    def _term(self, start: int, end: int) -> Hashable | None:
        first = self.rule.tokens[start]
        if first.kind in _TEXTS and start == end:
            return self._literal(first)
        if first.is_symbol("{", "["):
            return self._group(start, end)
        if first.kind is TokenKind.NAME and not first.member and first.text not in _WORDS:
            return self._reference(start, end)
        return None

    def _literal(self, token: Token) -> Hashable:
        return ("text", self.item.module.path, token.start)

    def _group(self, start: int, end: int) -> Hashable:
        """A collection written out; texts inside belong to it, however deep, keys apart.

        What a condition says is read where it stands, and belongs to no collection.
        """
        tokens = self.rule.tokens
        group = ("group", self.item.module.path, tokens[start].start)
        depth, index = 0, start
        while index < end:
            token, is_key = tokens[index], tokens[index + 1].is_symbol(":")
            depth += token.is_symbol(*OPENING) - token.is_symbol(*OPENING.values())
            if token.kind in _TEXTS:
                self.families.join(self._literal(token), (KEYS, group) if is_key else group)
                if is_key and token.text.strip('"`') in _OF_CONDITIONS:
                    index = end_of_term(tokens, min(index + 2, end))
            elif self._is_plain(index) and depth == 1:
                term = self._term(index, min(end_of_term(tokens, index), end))
                self.families.join(term, (KEYS, group) if is_key else group)
            index += 1
        return group

    def _is_plain(self, index: int) -> bool:
        """Tell whether a name that is a whole element, or heads a comprehension, begins here."""
        previous, token = self.rule.tokens[index - 1], self.rule.tokens[index]
        return token.kind is TokenKind.NAME and previous.is_symbol("{", "[", ",")

    def _reference(self, start: int, end: int) -> Hashable | None:
        tokens = self.rule.tokens
        path = [tokens[start].text]
        index = start + 1
        while index <= end:
            if tokens[index].is_symbol("."):
                path.append(tokens[index + 1].text)
                index += 2
            elif tokens[index].is_symbol("["):
                found = self._indexed(path, index)
                if found is None:
                    index = closing(tokens, index) + 1
                    continue
                path.append(found)
                index += 3
            else:
                break
        return self._named(path)

    def _indexed(self, path: Sequence[str], index: int) -> str | None:
        """The member in `input["action"]`; a variable index meets the keys instead."""
        inside = self.rule.tokens[index + 1 : closing(self.rule.tokens, index)]
        if len(inside) == 1 and inside[0].kind in _TEXTS and path[0] in {"input", "data"}:
            return inside[0].text[1:-1]
        collection = self._named(path)
        if collection is not None and inside:
            self.families.join(self._after(index), (KEYS, collection))
        return None

    def _named(self, path: Sequence[str]) -> Hashable | None:
        if path[0] == "input":
            dotted = ".".join(path[1:])
            return _INPUT.get(dotted, ("input", dotted))
        if path[0] == "data":
            return self._in_package(".".join(path[1:-1]), path[-1])
        if len(path) > 1:
            return None
        name = path[0]
        if name != self.rule.head.text and name in set(declared(self.rule)):
            return self._local(name)
        return self._package(name) if name in self.names else None

    def _local(self, name: str) -> Hashable:
        return ("local", self.item.module.path, self.rule.head.start, name)

    def _package(self, name: str) -> Hashable:
        return self._in_package(self.item.package, name)

    def _in_package(self, package: str, name: str) -> Hashable:
        return _SETS.get(name, ("rule", package, name))


def read_arguments(reader: RuleReader) -> None:
    """Join the arguments of a function, as its body calls them, with their places."""
    tokens = reader.rule.tokens
    if len(tokens) < 2 or not (tokens[1].is_symbol("(") and tokens[1].joined):
        return
    inside = tokens[1 : closing(tokens, 1) + 1]
    names = [
        token for before, token in pairwise(inside)
        if token.kind is TokenKind.NAME and before.is_symbol("(", ",")
    ]  # fmt: skip
    for place, token in enumerate(names):
        argument = ("argument", reader.item.package, reader.rule.head.text, place)
        reader.families.join(reader._local(token.text), argument)
