"""What tests of Colonnade and of its plugins build on; pytest finds it by entry point.

from colonnade_runtime.testing import PluginContract

class TestQuiz(PluginContract):
    plugin = quiz_plugin
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colonnade_runtime.testing.contract import PluginContract

__all__ = ["PluginContract"]


def __getattr__(name: str) -> Any:
    # Every run of pytest imports this package; the whole runtime comes only to those who ask.
    if name == "PluginContract":
        from colonnade_runtime.testing.contract import PluginContract

        return PluginContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
