"""The secrets of a running process: resolved at one stage, all of them or a list of what is wrong.

A value stays inside `colonnade.secrets.Secret`, which no output shows.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from colonnade.secrets import (
    Secret,
    SecretReference,
    SecretResolver,
    SecretUnavailable,
    SecretUnusable,
    resolve,
)
from colonnade_runtime.declaration import (
    DeclarationError,
    DeclaredSecret,
    LoadedPlatform,
    Problem,
    declared_secrets,
)

RESOLVING_SECONDS = 30.0
"""Seconds for all secrets together; a vault on the network can be slow, not silent."""

Outcome = Secret | SecretUnavailable


@dataclass(frozen=True, slots=True)
class ResolvedSecrets:
    """Values of a declaration's references, or the reason why one has none."""

    outcomes: Mapping[SecretReference, Outcome] = field(default_factory=dict)
    unset: tuple[Problem, ...] = ()
    """Missing secrets in development, and the consequence of each."""


def unknown_schemes(
    loaded: LoadedPlatform, resolvers: Mapping[str, SecretResolver]
) -> Iterator[Problem]:
    """Every declared secret that no enabled plugin can look up; nothing is looked up for it."""
    for secret in declared_secrets(loaded):
        scheme = secret.reference.scheme
        if scheme not in resolvers:
            known = ", ".join(sorted(resolvers))
            yield secret.problem(
                loaded, f"no plugin resolves secrets of the scheme '{scheme}' (known: {known})"
            )


class SecretVault:
    """Holds the resolved secrets; `swap` changes them all at once."""

    def __init__(self, resolvers: Mapping[str, SecretResolver]) -> None:
        self._resolvers = resolvers
        self._secrets = ResolvedSecrets()

    async def resolved(self, loaded: LoadedPlatform) -> ResolvedSecrets:
        """Look every declared secret up; nothing changes yet.

        An owner's password that is not set does not count in development, where one is made up.

        Raises:
            DeclarationError: with every secret that production misses, and every one in whose
                place there is something that is no secret.
        """
        declared = list(declared_secrets(loaded))
        references = dict.fromkeys(secret.reference for secret in declared)
        outcomes = await self._look_up(references)
        missing = [(s, outcomes[s.reference]) for s in declared]
        fatal: list[Problem] = []
        unset: list[Problem] = []
        for secret, outcome in missing:
            if isinstance(outcome, Secret):
                continue
            problem = secret.problem(loaded, _sentence(outcome))
            if loaded.platform.is_production or isinstance(outcome, SecretUnusable):
                fatal.append(problem)
            elif not secret.is_owner_password or secret.reference.scheme != "env":
                unset.append(replace(problem, message=f"{problem.message}; {_outlook(secret)}"))
        if fatal:
            raise DeclarationError(fatal)
        return ResolvedSecrets(outcomes, tuple(unset))

    def swap(self, secrets: ResolvedSecrets) -> None:
        """Hold these from now on, and no others."""
        self._secrets = secrets

    def holding(self, secrets: ResolvedSecrets) -> "SecretVault":
        """Another vault that holds these; this one does not change."""
        other = SecretVault(self._resolvers)
        other.swap(secrets)
        return other

    def secret(self, reference: SecretReference) -> Secret:
        """The secret that a declared reference stands for.

        Raises:
            SecretUnavailable: when its place holds none, or it was never declared.
        """
        outcome = self._secrets.outcomes.get(reference)
        if isinstance(outcome, Secret):
            return outcome
        if outcome is not None:
            raise SecretUnavailable(outcome.message)
        raise SecretUnavailable(
            "A secret was asked for that no file declares: give the field of your configuration"
            " the type SecretReference."
        )

    async def _look_up(
        self, references: Iterable[SecretReference]
    ) -> dict[SecretReference, Outcome]:
        outcomes: dict[SecretReference, Outcome] = {}

        def look_up_all() -> None:
            for reference in references:
                outcomes[reference] = self._outcome(reference)

        try:
            async with asyncio.timeout(RESOLVING_SECONDS):
                await asyncio.to_thread(look_up_all)
        except TimeoutError:
            late = SecretUnavailable(f"Its place did not answer in {RESOLVING_SECONDS:g} seconds.")
            return {reference: outcomes.get(reference, late) for reference in references}
        return outcomes

    def _outcome(self, reference: SecretReference) -> Outcome:
        try:
            return resolve(reference, self._resolvers)
        except SecretUnavailable as error:
            return error
        except Exception as error:
            # A resolver's own exception may hold what it read: its type is all that is told.
            return SecretUnavailable(
                f"The resolver of '{reference.scheme}:' failed with {type(error).__name__}."
            )


def _outlook(secret: DeclaredSecret) -> str:
    made_up = "a password is made up when the account is made"
    return made_up if secret.is_owner_password else "using it will fail"


def _sentence(error: SecretUnavailable) -> str:
    text = error.message.rstrip(".")
    return text[:1].lower() + text[1:]
