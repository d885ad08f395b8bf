"""Refusals of requests that fit the description: what no JSON Schema can say, with the reason.

This is the one place where findings of schemathesis are set aside. A refusal is set aside by the
code that the platform gave for it, never by route alone, so that a field whose form is described
wrongly stays a finding.
"""

from typing import Any

FORESEEN = {
    "content.no_variants": "whether pictures can be made of a file depends on its bytes",
    "common_password": "a list of a hundred thousand passwords is no part of a description",
    "currency": "each academy has its own currency, and the description is one for all",
    "cursor": "a cursor of the right form may be none that this list gave out",
    "endpoint": "whether a name is public is found out when it is looked at",
    "foreign": "which sections belong to the lesson's course is known to the store",
    "incomplete": "which ids there are to put in an order is known to the store",
    "keys": "whether 65 bytes are a point of the curve is arithmetic",
    "no_digest": "which channels send digests depends on the plugins",
    "order": "a schema cannot compare two times",
    "out_of_bounds": "how late an event is depends on the clock",
    "out_of_order": "a schema cannot compare two days",
    "over": "which links were sent is known to the store",
    "precondition_failed": "which version is there is known to the store",
    "template": "whether a template can be filled in is found out by filling it in",
    "too_many": "a schema cannot count the days between two",
    "unknown": "which ids there are is known to the store",
    "unknown_kind": "kinds of reports come with plugins",
    "wrong_password": "as it says",
}
"""Code → why no description can foresee it."""

OF_OPERATION = {
    ("UpdateContent", "missing"): "which field an item has follows from the kind it was made with",
    ("UpdateContent", "wrong_kind"): "the same",
    ("CreateReport", "extra_forbidden"): "parameters are those of the kind",
    ("CreateReport", "unknown_field"): "the same",
}
"""(Operation, code) → why, where the same code is a mistake of the description elsewhere."""


def is_foreseen(operation: str, status: int, problem: Any) -> bool:
    """Whether a request that fits the description may be refused like this."""
    if not isinstance(problem, dict):
        return status == 410  # A page: the link is over.
    codes = {each["code"] for each in problem.get("errors", [])} or {problem["code"]}
    return all(code in FORESEEN or (operation, code) in OF_OPERATION for code in codes)
