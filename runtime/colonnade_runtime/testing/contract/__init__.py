"""The rules that every plugin keeps, ours and others': as tests, and on the command line."""

from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject
from colonnade_runtime.testing.contract.plugin_contract import PluginContract
from colonnade_runtime.testing.contract.rules.catalogue import RULES, Rule

__all__ = ["RULES", "NotTried", "PluginContract", "Rule", "Subject"]
