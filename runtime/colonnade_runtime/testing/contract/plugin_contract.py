"""The rules as a test class that an author subclasses with two lines."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject
from colonnade_runtime.testing.contract.rules.catalogue import RULES, Rule
from colonnade_runtime.testing.contract.rules.recording import FILE_NAME


class PluginContract:
    """Holds every rule against `plugin`, each as one test.

    class TestQuiz(PluginContract):
        plugin = quiz_plugin

    The recorded contract is `contract.json` beside the test; `pytest --update-contract` writes it.
    The other attributes are for plugins that need more than their defaults to start.
    """

    plugin: ClassVar[ModuleType]
    companions: ClassVar[Sequence[ModuleType]] = ()
    """Plugins that it requires and that are not installed."""
    config: ClassVar[Mapping[str, Any]] = {}
    """Its section in platform.yaml, `services.<name>.config`."""
    tenant_config: ClassVar[Mapping[str, Any]] = {}
    """Its section in a tenant's file."""
    policies: ClassVar[Path | None] = None
    """An operator's policy folder, with what it confirms of the plugin's grants."""

    _subject: ClassVar[Subject | None] = None

    @classmethod
    def subject(cls, *, update: bool = False) -> Subject:
        """The plugin under examination; made once per class, since running it takes a second."""
        if cls._subject is None:
            cls._subject = Subject(
                module=cls.plugin,
                companions=cls.companions,
                config=cls.config,
                tenant_config=cls.tenant_config,
                snapshot=Path(inspect.getfile(cls)).with_name(FILE_NAME),
                update=update,
                policies=cls.policies,
            )
        return cls._subject


def _test_of(rule: Rule) -> Callable[[PluginContract, pytest.FixtureRequest], None]:
    def test(self: PluginContract, request: pytest.FixtureRequest) -> None:
        update = bool(request.config.getoption("--update-contract", default=False))
        try:
            problems = rule.problems(self.subject(update=update))
        except NotTried as reason:
            pytest.skip(f"not tried: {reason}")
        if problems:
            sentences = "\n".join(f"  - {problem}" for problem in problems)
            pytest.fail(f"{rule.title}\n{sentences}", pytrace=False)

    test.__name__ = f"test_{rule.name}"
    test.__qualname__ = f"{PluginContract.__name__}.test_{rule.name}"
    test.__doc__ = rule.check.__doc__
    return test


for _rule in RULES:
    setattr(PluginContract, f"test_{_rule.name}", _test_of(_rule))
