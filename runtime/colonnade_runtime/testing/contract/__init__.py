"""The rules that every plugin keeps, ours and others': as tests, and on the command line."""

from colonnade_runtime.testing.contract.examination.subject import Subject
from colonnade_runtime.testing.contract.plugin_contract import PluginContract
from colonnade_runtime.testing.contract.rules.catalogue import RULES, NotTried, Rule

__all__ = ["RULES", "NotTried", "PluginContract", "Rule", "Subject"]
