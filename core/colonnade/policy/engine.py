"""The port to a policy engine: load a bundle whole, answer one query at a time."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, TypeAlias

from colonnade.errors import ConfigurationError
from colonnade.policy.confirmation import ConfirmedGrants
from colonnade.policy.decision import Decision
from colonnade.policy.vocabulary import NO_VOCABULARY, Vocabulary

QueryKey: TypeAlias = tuple[str, str, bytes, bytes, bytes]


class Facts:
    """Plain JSON data that decisions depend on, with a digest worked out once.

    Build one per verified token or loaded tenant and keep it: the digest is what makes a
    memoised decision a dictionary look-up.

    Raises:
        ValueError: when `data` is not JSON.
    """

    def __init__(self, data: Mapping[str, object]) -> None:
        self.text = json.dumps(data, sort_keys=True, ensure_ascii=False, allow_nan=False)
        self.data: Mapping[str, object] = json.loads(self.text)

    @cached_property
    def digest(self) -> bytes:
        """Sixteen bytes that differ where the data does."""
        encoded = self.text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(encoded, digest_size=16).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Facts({self.text[:80]})"


NO_FACTS = Facts({})


@dataclass(frozen=True)
class PolicyQuery:
    """One question: may this principal do this with objects of this type?

    `principal` holds `id`, `kind` (user, anonymous, service, api_key), `roles`, `attributes`
    and `on_behalf_of`; `tenant` holds `id`, `plan` and `status`; `tenant_data` is what the
    tenant's file says under `policy`.
    """

    action: str
    resource_type: str
    principal: Facts
    tenant: Facts
    tenant_data: Facts = field(default=NO_FACTS)

    @property
    def key(self) -> QueryKey:
        """Key of a remembered answer: all that it depends on beside the policies' revision. No
        object is in it."""
        return (
            self.action,
            self.resource_type,
            self.principal.digest,
            self.tenant.digest,
            self.tenant_data.digest,
        )

    def input(self) -> dict[str, object]:
        """The `input` document that policies see."""
        return {
            "action": self.action,
            "resource_type": self.resource_type,
            "principal": self.principal.data,
            "tenant": self.tenant.data,
            "tenant_data": self.tenant_data.data,
        }


@dataclass(frozen=True, slots=True)
class PolicyModule:
    """One Rego file: where it is, as people know it, and what it says.

    `plugin` names the plugin that brought it, and `service` the service of that; both are empty
    for a file of the operator's own. `replaces` names the plugins in the place of whose file of
    the same name the operator's stands.
    """

    path: str
    source: str
    plugin: str = ""
    service: str = ""
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True)
class PolicyBundle:
    """Policy bundle: the modules of an engine, and the actions that must be answered.

    `actions` maps each action of an operation to the service that offers it, such as
    `{"course.read": "course"}`; an action that no policy knows fails the load. `vocabulary` is
    what policies may name; a text that stands for what is not in it fails the load, too.
    `confirmed` says by plugin which actions of other services its modules may grant; any other
    such grant fails the load.
    """

    modules: tuple[PolicyModule, ...]
    actions: Mapping[str, str] = field(default_factory=dict)
    vocabulary: Vocabulary = NO_VOCABULARY
    confirmed: Mapping[str, ConfirmedGrants] = field(default_factory=dict)

    @cached_property
    def revision(self) -> str:
        """A digest of the modules and of what is confirmed: the same policies have the same
        revision everywhere."""
        digest = hashlib.blake2b(digest_size=8)
        for part in self._parts():
            digest.update(len(part).to_bytes(8, "big") + part.encode("utf-8", "replace"))
        return digest.hexdigest()

    def _parts(self) -> Iterator[str]:
        for module in sorted(self.modules, key=lambda module: module.path):
            yield from (module.path, module.source)
        for plugin, said in sorted(self.confirmed.items()):
            yield from (plugin, *sorted(said.grants), "", *sorted(said.strangers))


@dataclass(frozen=True, slots=True, order=True)
class PolicyProblem:
    """One thing wrong with the policies: file, line and column (from 1), and a sentence."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.message}"


class PolicyError(ConfigurationError):
    """Policies that cannot be loaded; `problems` holds all that is wrong, not the first only."""

    code = "policy"
    title = "The policies cannot be loaded"

    def __init__(self, problems: list[PolicyProblem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class PolicyEngine(Protocol):
    """Policy engine: the source of decisions.

    `revision` names the loaded policies; it is empty before the first load. An engine that asks a
    server has `async def check() -> str | None` too: a sentence while it cannot decide; and
    `on_distrust(forget)`, which takes what to call when its earlier answers count no more. One that
    knows what its policies look at has `generalised(query) -> PolicyQuery | None`: the question
    without what makes no difference, as `colonnade.policy.principal_use` makes it.
    """

    @property
    def revision(self) -> str:
        """The revision of the loaded policies."""
        ...

    async def load(self, bundle: PolicyBundle) -> str:
        """Check the bundle whole, then swap it in atomically; the answer is its revision.

        Raises:
            PolicyError: with everything that is wrong; what was loaded before stays.
        """
        ...

    async def decide(self, query: PolicyQuery) -> Decision:
        """The policy's answer. Never raises: what cannot be answered is refused and `failed`."""
        ...

    async def close(self) -> None:
        """Stop and let go of everything."""
        ...
