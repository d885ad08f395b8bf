"""The plugin keeps the rules that every plugin keeps."""

from colonnade_certificates import plugin as certificates_plugin

from colonnade_runtime.testing import PluginContract


class TestCertificates(PluginContract):
    plugin = certificates_plugin
