"""The analytics service keeps the rules of every plugin."""

from colonnade_analytics import plugin
from colonnade_runtime.testing import PluginContract


class TestAnalytics(PluginContract):
    """The rules, for this plugin."""

    plugin = plugin
