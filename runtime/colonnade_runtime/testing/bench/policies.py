"""Policies of benches: the operator's entry point and what plugins bring, decided by the real
engine, which is shared by every bench with the same policies."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from colonnade.policy import Decision, PolicyBundle, PolicyEngine, PolicyQuery
from colonnade_runtime.adapters.policy.embedded.engine import EmbeddedPolicy
from colonnade_runtime.adapters.policy.rego.files import policy_files
from colonnade_runtime.adapters.policy.trial.verdict_cache import verdict_key
from colonnade_runtime.declaration.demo_site import demo_folder

KEPT_ENGINES = 16
"""Engines that stay loaded: each has a thread, and loading one takes as long as many tests."""

SECONDS = 10.0
"""How long a decision may take: a busy machine gets its time."""

_engines: OrderedDict[str, EmbeddedPolicy] = OrderedDict()


class SharedEngine(PolicyEngine):
    """An embedded engine for one bench, out of those that are loaded in this process."""

    def __init__(self) -> None:
        self._engine: EmbeddedPolicy | None = None
        self._revision = ""

    @property
    def revision(self) -> str:
        """The revision of the loaded policies; empty before the first load."""
        return self._revision

    async def load(self, bundle: PolicyBundle) -> str:
        """Use an engine with these policies.

        Raises:
            PolicyError: with everything that is wrong with them.
        """
        # Every bench has a folder of its own: the same policies in it are the same.
        named = tuple(replace(each, path=Path(each.path).name) for each in bundle.modules)
        self._engine = await _engine_of(replace(bundle, modules=named))
        self._revision = bundle.revision
        return self._revision

    async def decide(self, query: PolicyQuery) -> Decision:
        """The policies' answer.

        Raises:
            RuntimeError: before anything is loaded.
        """
        if self._engine is None:
            raise RuntimeError("No policies are loaded yet.")
        # Decisions of another revision than the engine's own are never remembered.
        return replace(await self._engine.decide(query), revision=self._revision)

    async def close(self) -> None:
        """Leave the engine loaded: other benches use it."""


async def _engine_of(bundle: PolicyBundle) -> EmbeddedPolicy:
    key = verdict_key(bundle)
    found = _engines.get(key)
    if found is None:
        found = EmbeddedPolicy(timeout=SECONDS)
        await found.load(bundle)
        _engines[key] = found
    _engines.move_to_end(key)
    if len(_engines) > KEPT_ENGINES:
        _, oldest = _engines.popitem(last=False)
        await oldest.close()
    return found


def write_policies(folder: Path, brought: frozenset[str], overrides: Mapping[str, str]) -> None:
    """Lay out a policy folder as an operator has it: the entry point, the demo platform's files
    that no plugin in `brought` brings, and `overrides` (file name → Rego) above all."""
    folder.mkdir()
    for path in policy_files(demo_folder() / "policies"):
        if path.name not in brought:
            (folder / path.name).write_bytes(path.read_bytes())
    for name, source in overrides.items():
        (folder / name).write_text(source, encoding="utf-8")
