"""The policies that the demo platform runs with: the operator's entry point and every plugin's."""

from pathlib import Path

from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.rego.files import read_policies
from colonnade_runtime.assembly.policies import brought_policies
from colonnade_runtime.declaration import load_platform_outline
from colonnade_runtime.plugins.loader import discover_plugins

ROOT = Path(__file__).parents[1]
POLICIES = ROOT / "policies"


def demo_policies(*names: str) -> tuple[PolicyModule, ...]:
    """The modules, or those alone whose files are called `names`."""
    plugins = discover_plugins(load_platform_outline(ROOT / "platform.yaml"))
    found = read_policies(POLICIES, brought_policies(plugins))
    return tuple(module for module in found if not names or Path(module.path).name in names)


def policy_of(service: str) -> str:
    """The source of a service's policy."""
    [module] = demo_policies(f"{service}.rego")
    return module.source
