"""Whatever the API's own description allows, and what it does not, is answered as it says.

Every check of schemathesis is on. What no description can say is listed, with the reason, in
`foreseen_refusals`.
"""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from colonnade_process import ROOT, ColonnadeProcess, running
from foreseen_refusals import is_foreseen
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.openapi.checks import RejectedPositiveData

pytestmark = pytest.mark.slow

PASSWORD = "a password for the owner"
LEARNER = {"email": "ada@learners.example", "password": "a long password 12", "name": "Ada"}
EXAMPLES = {GenerationMode.POSITIVE: 2, GenerationMode.NEGATIVE: 1}
"""Requests for each operation, by mode; together a few hundred."""

MANY_EXAMPLES = dict.fromkeys(EXAMPLES, 40)

SEED = 9
UNTHROTTLED = "{free: 100000, window: 1s, first_wait: 1s, longest_wait: 1s}"
SETTINGS = (
    "logging.access=false",
    "services.user.config.access_token_lifetime=1h",
    *(
        f"services.user.config.throttle.{name}={UNTHROTTLED}"
        for name in ("account", "account_and_network", "network", "tokens", "registrations")
    ),
)


@pytest.fixture
def colonnade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ColonnadeProcess]:
    monkeypatch.setenv("COLONNADE_OWNER_PASSWORD", PASSWORD)
    for name in ("tenants", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "platform.yaml", tmp_path)
    with running(tmp_path, *SETTINGS) as process:
        process.ready()
        yield process


class Caller:
    """Somebody who asks, and signs in again whenever a request of theirs has signed them out."""

    def __init__(self, base: str, who: str) -> None:
        self.base = base
        self.who = who
        self.headers = {"X-Tenant": "acme"}
        if who == "learner":
            answer = self._post("register", LEARNER)
            assert answer.status_code == 201, answer.text
        self.sign_in()

    def sign_in(self) -> None:
        """Get a new token; visitors have none."""
        accounts = {
            "owner": {"email": "owner@acme.example", "password": PASSWORD},
            "learner": {name: LEARNER[name] for name in ("email", "password")},
        }
        if self.who in accounts:
            answer = self._post("login", accounts[self.who])
            assert answer.status_code == 200, answer.text
            self.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def ask(self, case: schemathesis.Case) -> schemathesis.Response:
        """The answer to a request."""
        answer = self._ask(case)
        if answer.status_code == 401 and self.who != "visitor":
            self.sign_in()
            answer = self._ask(case)
        return answer

    def _ask(self, case: schemathesis.Case) -> schemathesis.Response:
        return case.call(base_url=self.base, headers=self.headers, timeout=60)

    def _post(self, name: str, body: dict[str, str]) -> httpx.Response:
        url = f"{self.base}/api/v1/auth/{name}"
        return httpx.post(url, json=body, headers={"X-Tenant": "acme"}, timeout=60)


def requests_of(operation: Any, mode: GenerationMode, ask: Any, examples: int) -> None:
    """Let `ask` have some requests for an operation; none when it has no invalid ones."""
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    with suppress(Unsatisfiable):
        limits(seed(SEED)(given(operation.as_strategy(generation_mode=mode))(ask)))()


def failures(case: schemathesis.Case, answer: schemathesis.Response, caller: Caller) -> list[str]:
    """What schemathesis finds wrong with an answer, less what no description can foresee."""
    try:
        case.validate_response(
            answer,
            checks=CHECKS.get_all(),
            headers=caller.headers,
            transport_kwargs={"base_url": caller.base, "headers": caller.headers},
        )
    except FailureGroup as group:
        found = [each for each in group.exceptions if not _set_aside(each, case, answer)]
        return [f"{answer.status_code} {each.title}: {each.message}" for each in found]
    return []


def _set_aside(failure: Failure, case: schemathesis.Case, answer: schemathesis.Response) -> bool:
    if not isinstance(failure, RejectedPositiveData):
        return False
    try:
        problem = json.loads(answer.content)
    except ValueError:
        problem = None
    operation = case.operation.definition.raw["operationId"]
    return is_foreseen(operation, answer.status_code, problem)


def answers_are_as_described(
    process: ColonnadeProcess, who: str, examples: dict[GenerationMode, int]
) -> Counter[int]:
    """Ask for everything, and answer the statuses that came.

    Raises:
        AssertionError: an answer is another than described, or the log has a trace.
    """
    load_all_checks()
    caller = Caller(f"http://127.0.0.1:{process.port}", who)
    document = httpx.get(f"{caller.base}/openapi.json", timeout=60).json()
    broken: list[str] = []
    statuses: Counter[int] = Counter()

    def ask(case: schemathesis.Case) -> None:
        answer = caller.ask(case)
        statuses[answer.status_code] += 1
        broken.extend(
            f"{failure}\n{case.as_curl_command()}\n{answer.text[:300]}"
            for failure in failures(case, answer, caller)
        )

    for found in schemathesis.openapi.from_dict(document).get_all_operations():
        for mode, number in examples.items():
            requests_of(found.ok(), mode, ask, number)
    assert not broken, f"{len(broken)} findings:\n" + "\n\n".join(broken[:20])
    assert "Traceback" not in process.text
    return statuses


def test_every_request_of_the_owner_is_answered_as_described(colonnade: ColonnadeProcess) -> None:
    statuses = answers_are_as_described(colonnade, "owner", EXAMPLES)
    assert statuses.total() > 200
    assert {200, 404, 422} <= statuses.keys(), statuses


@pytest.mark.soak
@pytest.mark.parametrize("who", ["owner", "learner", "visitor"])
def test_many_requests_of_everybody_are_answered_as_described(
    colonnade: ColonnadeProcess, who: str
) -> None:
    statuses = answers_are_as_described(colonnade, who, MANY_EXAMPLES)
    assert statuses.total() > 4000
