"""`config` sections: read with the models that plugins give."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from colonnade_runtime.declaration.validation import validate
from colonnade_runtime.declaration.yaml.problems import Problem
from colonnade_runtime.declaration.yaml.tree import Node, Path, dotted, matching

ConfigModels = Mapping[str, type[BaseModel]]
"""The name of a service or extension → the model of its `config`."""


class ConfigReader:
    """Reads the `config` of services; what says nothing shares one instance of the defaults."""

    def __init__(self, models: ConfigModels, kind: str) -> None:
        self._models = models
        self._kind = kind
        self._defaults: dict[str, BaseModel] = {}

    @property
    def names(self) -> frozenset[str]:
        """The services or extensions that take a configuration."""
        return frozenset(self._models)

    def read(
        self, name: str, config: Any, root: Node, path: Path
    ) -> tuple[BaseModel | None, list[Problem]]:
        """The configuration of `name`, written at `path` below `root`; None without a model."""
        model = self._models.get(name)
        if model is None:
            return None, self._refuse(name, config, root, path)
        if config:
            return validate(model, config, root, path)
        if name in self._defaults:
            return self._defaults[name], []
        defaults, problems = validate(model, {}, root, path)
        if defaults is not None:
            self._defaults[name] = defaults
        return defaults, problems

    def _refuse(self, name: str, config: Any, root: Node, path: Path) -> list[Problem]:
        message = f"{self._kind} '{name}' takes no configuration; remove the key"
        keys = config if isinstance(config, dict) else ()
        return [
            Problem.at(matching(root, (*path, key))[2], dotted((*path, key)), message)
            for key in keys
        ]
