"""Test support of Colonnade and of its plugins; pytest finds it by entry point.

from colonnade_runtime.testing import PluginContract, ServiceBench

class TestQuiz(PluginContract):
    plugin = quiz_plugin

async def test_an_owner_writes_items() -> None:
    async with ServiceBench(quiz_plugin) as bench:
        await bench.ask(CreateQuizItem(title="One"), as_=bench.person(roles={"owner"}))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colonnade_runtime.testing.bench.service_bench import ServiceBench
    from colonnade_runtime.testing.contract import PluginContract
    from colonnade_runtime.testing.contract.examination.examples import example_of

__all__ = ["PluginContract", "ServiceBench", "example_of"]

_MODULES = {
    "PluginContract": "colonnade_runtime.testing.contract",
    "ServiceBench": "colonnade_runtime.testing.bench.service_bench",
    "example_of": "colonnade_runtime.testing.contract.examination.examples",
}


def __getattr__(name: str) -> Any:
    # Every run of pytest imports this package; the whole runtime comes only to those who ask.
    if name in _MODULES:
        return getattr(import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
