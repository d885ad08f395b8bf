"""Checks of what a test gives a bench: a slip is told with the form that is meant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from colonnade.context import Principal
from colonnade.errors import ColonnadeError, ConfigurationError
from colonnade.messages import Message, Request
from colonnade_runtime.adapters.policy.rego.files import SUFFIX, TEST_SUFFIX
from colonnade_runtime.declaration.ignored_files import is_ignored
from colonnade_runtime.declaration.yaml.problems import closest


def check_plugins(plugins: Sequence[Any]) -> None:
    """Check that each plugin is a module.

    Raises:
        ConfigurationError: naming the first that is none.
    """
    for plugin in plugins:
        if not isinstance(plugin, ModuleType):
            raise ConfigurationError(
                f"ServiceBench takes the modules of plugins, and {plugin!r} is none: import it, "
                "as in `from colonnade_quiz import plugin`, and give ServiceBench(plugin)."
            )


def check_config(config: Any) -> None:
    """Check that `config` is service → keys.

    Raises:
        ConfigurationError: when it is not.
    """
    if not isinstance(config, Mapping):
        raise ConfigurationError(f"config is {config!r}; give service → its keys. {_CONFIG}")
    for name, keys in config.items():
        if not isinstance(keys, Mapping):
            raise ConfigurationError(
                f"config has {keys!r} for '{name}', which stands for a service: "
                f"give service → its keys. {_CONFIG}"
            )


_CONFIG = "For example: config={'quiz': {'maximum': 3}}."


def check_tenants(tenants: Any) -> None:
    """Check that `tenants` are names, or tenant → keys.

    Raises:
        ConfigurationError: when they are not.
    """
    if isinstance(tenants, str) or not isinstance(tenants, Mapping | Sequence):
        raise ConfigurationError(
            f"tenants is {tenants!r}; give names, as in tenants=('acme', 'globex'), or tenant → "
            "further keys of its file."
        )
    if isinstance(tenants, Mapping):
        for name, keys in tenants.items():
            if not isinstance(keys, Mapping):
                raise ConfigurationError(
                    f"tenants has {keys!r} for '{name}'; give the keys of its file, as in "
                    f"tenants={{'{name}': {{'plan': 'pro'}}}}."
                )


def check_policies(policies: Any) -> None:
    """Check that `policies` is a folder, or file name → Rego under names that count.

    Raises:
        ConfigurationError: when they would not, or not as they are meant.
    """
    if isinstance(policies, Path):
        return
    if not isinstance(policies, Mapping):
        raise ConfigurationError(
            f"policies is {policies!r}; give file name → Rego, as in "
            "policies={'house.rego': source}, or a folder as a pathlib.Path."
        )
    for name in policies:
        if not _is_policy_file(name):
            raise ConfigurationError(
                f"policies has a file '{name}', which no platform would read: name it "
                f"<name>{SUFFIX}, such as 'house{SUFFIX}', in no folder. A file that ends in "
                f"{TEST_SUFFIX} holds tests."
            )


def _is_policy_file(name: str) -> bool:
    stem = name.removesuffix(SUFFIX)
    if not name.endswith(SUFFIX) or not stem or "/" in name:
        return False
    return not name.endswith(TEST_SUFFIX) and not is_ignored(name)


def check_roles(roles: Any, known: frozenset[str]) -> None:
    """Check that `roles` is a collection of roles that people here may have; with none `known`,
    any will do.

    Raises:
        ConfigurationError: when it is not.
    """
    if isinstance(roles, str) or not isinstance(roles, Collection):
        raise ConfigurationError(
            f"roles is {roles!r}; give a collection, as in bench.person(roles={{'learner'}})."
        )
    for role in sorted(roles):
        if known and role not in known:
            raise ConfigurationError(
                f"Nobody can have the role '{role}'{_meant(role, known)}; roles here are "
                f"{_listed(known)}."
            )


def check_principal(principal: Any) -> None:
    """Check who asks.

    Raises:
        ConfigurationError: when it is no principal.
    """
    if principal is not None and not isinstance(principal, Principal):
        raise ConfigurationError(
            f"as_ is {principal!r}; give a principal: bench.person(roles={{'learner'}}), or "
            "bench.service('payment')."
        )


def check_request(request: Any) -> None:
    """Check that what is asked is a request.

    Raises:
        ConfigurationError: when it is a class, or something else.
    """
    if isinstance(request, Request):
        return
    if isinstance(request, type) and issubclass(request, Request):
        raise ConfigurationError(f"Ask a request, {request.__name__}(…), and not its class.")
    raise ConfigurationError(f"Ask a request of the service's api; {request!r} is none.")


def check_answer(request: type[Request[Any]], answer: Any) -> None:
    """Check that a stub's answer is a message, an error or a function.

    Raises:
        ConfigurationError: when it is the class of one, or something else.
    """
    if isinstance(answer, type) and issubclass(answer, ColonnadeError | Message):
        raise ConfigurationError(
            f"The stub of {request.__name__} is to answer the class {answer.__name__}: give one, "
            f"{_made(answer)}, or a function of the request."
        )
    if not isinstance(answer, Message | ColonnadeError) and not callable(answer):
        raise ConfigurationError(
            f"The stub of {request.__name__} is to answer {answer!r}: give a message, an error, "
            "or a function of the request that returns or raises one."
        )


def check_schedule(name: str, known: Iterable[str]) -> None:
    """Check that there is such a schedule.

    Raises:
        ConfigurationError: naming those that there are.
    """
    names = frozenset(known)
    if name not in names:
        raise ConfigurationError(
            f"There is no schedule '{name}'{_meant(name, names)}; there are {_listed(names)}."
        )


def _made(answer: type) -> str:
    if issubclass(answer, ColonnadeError):
        return f"{answer.__name__}('…')"
    return f"{answer.__name__}(…) or example_of({answer.__name__})"


def _meant(word: str, known: Iterable[str]) -> str:
    near = closest(word, known)
    return f" (did you mean '{near}'?)" if near else ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))
