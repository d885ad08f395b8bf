"""The notification service keeps the rules of every plugin."""

from colonnade_notification import plugin as notification_plugin
from colonnade_runtime.testing import PluginContract


class TestNotification(PluginContract):
    """The rules, for this plugin."""

    plugin = notification_plugin
