"""One OPA server, as far as the engine needs it: put modules there, ask a rule, take them away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
from opa_client.errors import DeletePolicyError, RegoParseError

from colonnade.decoding import words_of
from colonnade.errors import Unavailable
from colonnade.policy import PolicyError, PolicyModule, PolicyProblem
from colonnade_runtime.adapters.policy.opa.client import BoundedOpaClient
from colonnade_runtime.adapters.policy.opa.inventory import Inventory, Path, compared, foreign_data
from colonnade_runtime.adapters.policy.rego.program import EngineFault

UNDEFINED = object()
"""What a rule answers that has no value, or is not there."""

# A built-in that fails must end the query, or `not` would make a grant of it.
_STRICT = {"strict-builtin-errors": "true"}

_FAILED = frozenset({400, 404, 500})
"""What the server answers when a question was understood and cannot be evaluated."""

_LONGEST = 300

_POOLED = 3
"""Kept connections that may turn out to be closed, one after the other, for one question."""


class OpaServer:
    """A client with deadlines and without retries. Raises `Unavailable` when nobody answers."""

    def __init__(
        self, host: str, port: int, *, secure: bool, token: str | None, timeout: float
    ) -> None:
        self.name = f"{host}:{port}"
        # Retries would ask again on errors of the policy, and hide a dead server for 0.9 s.
        self._client = BoundedOpaClient(
            host=host, port=port, ssl=secure, token=token, retries=0, timeout=timeout
        )
        self._entered = False

    async def ask(self, package: str, rule: str, document: Mapping[str, object]) -> object:
        """Ask for the value of a rule with an input document; `UNDEFINED` when it has none.

        Raises:
            EngineFault: when evaluation failed.
            Unavailable: when there is no answer in time.
        """
        await self._enter()
        try:
            answer = await self._query(document, package, rule)
        except aiohttp.ClientResponseError as error:
            if isinstance(error, aiohttp.ContentTypeError) or error.status not in _FAILED:
                raise self._unavailable(error) from None
            raise EngineFault(
                f"the policy server answered {error.status}; evaluation failed, for instance in a "
                "built-in or a double definition"
            ) from None
        except Exception as error:
            # What is no JSON, of great depth, or no HTTP: nothing of it is an answer.
            raise self._unavailable(error) from None
        if not isinstance(answer, dict):
            raise self._unavailable(ValueError("its answer is no JSON object"))
        return answer.get("result", UNDEFINED)

    async def inventory(self, wanted: Mapping[str, PolicyModule], root: Path) -> Inventory:
        """Compare what lies there with `wanted`, by the names that `put` gave; see `compared`.

        Raises:
            Unavailable: when the server does not say.
        """
        await self._enter()
        try:
            found = compared(await self._client.fetch("policies"), wanted, root)
            data = await self._client.fetch("/".join(("data", *root)))
            foreign = [*found.foreign, *foreign_data(data, found.packages, root)]
        except Exception as error:
            raise self._unavailable(error) from None
        return replace(found, foreign=foreign)

    async def put(self, place: str, modules: Sequence[PolicyModule]) -> None:
        """Put modules there below `place`, in whatever order they accept each other.

        Raises:
            PolicyError: with what the server says of those that it refuses.
            Unavailable: when there is no answer in time.
        """
        await self._enter()
        waiting = list(modules)
        while waiting:
            problems: list[PolicyProblem] = []
            refused = []
            for module in waiting:
                found = await self._put_one(name_at(place, module), module)
                if found:
                    problems += found
                    refused.append(module)
            if len(refused) == len(waiting):
                raise PolicyError(problems)
            waiting = refused

    async def remove(self, place: str, modules: Sequence[PolicyModule]) -> None:
        """Take modules away; those that are not there are passed over.

        Raises:
            Unavailable: when there is no answer in time.
        """
        await self._enter()
        waiting = list(modules)
        while waiting:
            # What others call goes after what calls it.
            refused = [item for item in waiting if not await self._remove_one(place, item)]
            if len(refused) == len(waiting):
                return
            waiting = refused

    async def close(self) -> None:
        """Let go of the connections."""
        if self._entered:
            self._entered = False
            await self._client.close_connection()

    async def _enter(self) -> None:
        if not self._entered:
            self._entered = True
            await self._client.__aenter__()

    async def _query(self, document: Mapping[str, object], package: str, rule: str) -> object:
        for _ in range(_POOLED):
            try:
                return await self._client.query_rule(document, package, rule, _STRICT)
            except aiohttp.ClientConnectorError:
                raise
            except aiohttp.ClientConnectionError:
                # A kept connection that the server had closed meanwhile. A question changes
                # nothing, so it may be asked again on the next one.
                continue
        return await self._client.query_rule(document, package, rule, _STRICT)

    async def _put_one(self, place: str, module: PolicyModule) -> list[PolicyProblem]:
        try:
            address = quote(place)
            await self._client.update_policy_from_string(module.source, address, rego_compat=False)
        except RegoParseError as error:
            refusal = error
        except Exception as error:
            raise self._unavailable(error) from None
        else:
            return []
        try:
            if not refusal.errors and refusal.expression != "invalid_parameter":
                # Who may not write, or asks at the wrong address, is told nothing of the module.
                raise self._unavailable(refusal)
            return _problems(refusal, module)
        except Unavailable:
            raise
        except Exception as error:
            raise self._unavailable(error) from None

    async def _remove_one(self, place: str, module: PolicyModule) -> bool:
        try:
            await self._client.delete_policy(quote(name_at(place, module)))
        except DeletePolicyError as error:
            return bool(error.expression == "resource_not_found")
        except Exception as error:
            raise self._unavailable(error) from None
        return True

    def _unavailable(self, error: Exception) -> Unavailable:
        why = words_of(error)[:_LONGEST] or type(error).__name__
        return Unavailable(
            "The policy server does not answer.",
            reason=f"The policy server at {self.name} does not answer ({why}).",
        )


def name_at(place: str, module: PolicyModule) -> str:
    """The name of a module on the server, to be quoted where it becomes a part of an address."""
    return f"{place}/{module.path.rpartition('/')[2]}"


def _problems(error: Any, module: PolicyModule) -> list[PolicyProblem]:
    """Problems that the server reports, at the lines of our own file."""
    found = []
    for item in error.errors:
        place = item.get("location") or {}
        said = str(item.get("message") or error.message)
        where = (int(place.get("row") or 0), int(place.get("col") or 0))
        found.append(PolicyProblem(module.path, *where, f"{said.rstrip('.')}."))
    return found or [PolicyProblem(module.path, 0, 0, f"the policy server refuses it: {error}.")]
