"""The content service keeps the rules that every plugin keeps."""

from colonnade_content import plugin as content_plugin
from colonnade_runtime.testing import PluginContract


class TestContent(PluginContract):
    plugin = content_plugin
