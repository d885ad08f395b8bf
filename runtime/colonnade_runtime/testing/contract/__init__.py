"""The rules that every plugin keeps, ours and others': as tests, and on the command line."""

from colonnade_runtime.testing.contract.plugin_contract import PluginContract
from colonnade_runtime.testing.contract.rules.catalogue import RULES, NotTried, Rule
from colonnade_runtime.testing.contract.subject import Subject

__all__ = ["RULES", "NotTried", "PluginContract", "Rule", "Subject"]
