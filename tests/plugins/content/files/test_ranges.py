"""Ranges and conditions of RFC 9110, for one file of known size."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colonnade_content.files.ranges import RangePlan, evaluate

ETAG = '"v1"'
MODIFIED = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
LATER = MODIFIED + timedelta(days=1)
DATE = "Sun, 01 Mar 2026 12:30:15 GMT"


def plan(size: int = 100, method: str = "GET", etag: str = ETAG, **headers: str) -> RangePlan:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return evaluate(named, size, etag, MODIFIED, method=method, now=LATER)


def test_no_range_is_the_whole_file_with_its_validators() -> None:
    assert plan() == RangePlan(
        200,
        0,
        100,
        {"Accept-Ranges": "bytes", "ETag": ETAG, "Last-Modified": DATE, "Content-Length": "100"},
    )


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-49", 0, 50),
        ("bytes=50-", 50, 100),
        ("bytes=90-500", 90, 100),
        ("bytes=-10", 90, 100),
        ("bytes=-500", 0, 100),
        ("Bytes = 5-6", 5, 7),
        ("bytes=, 5-6 ,", 5, 7),
        ("bytes=99-99, 100-200", 99, 100),
    ],
)
def test_one_satisfiable_range_is_a_partial_answer(header: str, start: int, stop: int) -> None:
    partial = plan(range=header)
    assert (partial.status, partial.start, partial.stop) == (206, start, stop)
    assert partial.headers["Content-Range"] == f"bytes {start}-{stop - 1}/100"
    assert partial.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=200-,300-"])
def test_a_range_past_the_end_is_416_and_tells_the_size(header: str) -> None:
    refused = plan(range=header)
    assert (refused.status, refused.length) == (416, 0)
    assert refused.headers["Content-Range"] == "bytes */100"


@pytest.mark.parametrize(
    "header",
    [
        *("", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1-2-3", "bytes=+1-2"),
        *("items=0-5", "bytes=0-1,x", "bytes=0x1-2", "bytes=١-٢", "bytes=1 - 2"),
        "bytes=" + "0-0," * 33,
        "bytes=0-" + "9" * 5000,
    ],
)
def test_a_range_that_is_not_understood_is_ignored(header: str) -> None:
    assert plan(range=header).status == 200


def test_several_ranges_are_answered_with_the_whole_file() -> None:
    whole = plan(range="bytes=0-1,5-6")
    assert (whole.status, whole.start, whole.stop) == (200, 0, 100)
    assert "Content-Range" not in whole.headers


def test_a_range_means_nothing_to_head() -> None:
    assert plan(method="HEAD", range="bytes=0-1").status == 200


@pytest.mark.parametrize(("header", "status"), [("bytes=0-", 416), ("bytes=-5", 200)])
def test_an_empty_file_has_no_bytes_to_give(header: str, status: int) -> None:
    assert plan(size=0, range=header).status == status


@pytest.mark.parametrize("condition", [ETAG, f" {ETAG} ", DATE])
def test_a_range_is_served_when_the_file_is_still_the_same(condition: str) -> None:
    assert plan(range="bytes=0-1", if_range=condition).status == 206


@pytest.mark.parametrize(
    "condition", ['"v2"', f"W/{ETAG}", "Sun, 01 Mar 2026 12:30:16 GMT", "garbage", "", "v1"]
)
def test_a_range_of_another_version_gets_the_whole_file(condition: str) -> None:
    assert plan(range="bytes=0-1", if_range=condition).status == 200


def test_a_weak_validator_never_proves_a_range() -> None:
    assert plan(range="bytes=0-1", etag='W/"v1"', if_range='W/"v1"').status == 200


def test_a_date_too_young_to_be_trusted_never_proves_a_range() -> None:
    request = {"Range": "bytes=0-1", "If-Range": DATE}
    assert evaluate(request, 100, ETAG, MODIFIED, now=MODIFIED).status == 200


def test_an_unsatisfiable_range_of_another_version_gets_the_whole_file() -> None:
    assert plan(range="bytes=500-", if_range='"v2"').status == 200


@pytest.mark.parametrize("condition", [ETAG, f"W/{ETAG}", '"x", "v1"', "*"])
def test_a_copy_that_is_current_is_not_sent_again(condition: str) -> None:
    unchanged = plan(if_none_match=condition)
    assert (unchanged.status, unchanged.length) == (304, 0)
    assert unchanged.headers["ETag"] == ETAG


@pytest.mark.parametrize("condition", ['"v2"', "v1", "", 'W/"x"'])
def test_a_copy_that_is_stale_is_replaced(condition: str) -> None:
    assert plan(if_none_match=condition).status == 200


def test_an_entity_tag_counts_before_a_date() -> None:
    assert plan(if_none_match='"v2"', if_modified_since=DATE).status == 200


def test_a_copy_as_young_as_the_file_is_current() -> None:
    assert plan(if_modified_since=DATE).status == 304


def test_a_date_that_cannot_be_read_is_ignored() -> None:
    assert plan(if_modified_since="yesterday", if_unmodified_since="tomorrow").status == 200


@pytest.mark.parametrize(("condition", "status"), [(ETAG, 200), ("*", 200), ('"v2"', 412)])
def test_a_precondition_on_the_version_is_kept(condition: str, status: int) -> None:
    assert plan(if_match=condition).status == status


def test_a_precondition_on_the_date_is_kept() -> None:
    earlier = format_datetime(MODIFIED.replace(microsecond=0) - timedelta(hours=1), usegmt=True)
    assert plan(if_unmodified_since=earlier).status == 412


@given(
    size=st.integers(0, 2**40),
    first=st.integers(0, 2**41) | st.none(),
    last=st.integers(0, 2**41) | st.none(),
)
def test_any_range_stays_within_the_file(size: int, first: int | None, last: int | None) -> None:
    start, stop = ("" if value is None else str(value) for value in (first, last))
    found = plan(size=size, range=f"bytes={start}-{stop}")
    assert found.status in {200, 206, 416}
    assert 0 <= found.start <= found.stop <= size
    assert int(found.headers["Content-Length"]) == found.length


@given(
    st.dictionaries(
        st.sampled_from(["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since"]),
        st.text() | st.from_regex(r"bytes=[0-9,-]*", fullmatch=True),
    ),
    st.integers(0, 1000),
)
def test_no_header_can_break_the_evaluation(headers: dict[str, str], size: int) -> None:
    found = evaluate(headers, size, ETAG, MODIFIED)
    assert found.status in {200, 206, 304, 412, 416}
    assert 0 <= found.start <= found.stop <= size


@given(data=st.binary(max_size=50), cuts=st.lists(st.integers(0, 60), min_size=1, max_size=5))
def test_consecutive_ranges_put_together_are_the_file(data: bytes, cuts: list[int]) -> None:
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    received = b""
    for start, stop in pairwise(edges):
        part = plan(size=len(data), range=f"bytes={start}-{stop - 1}")
        assert part.status == 206
        received += data[part.start : part.stop]
    assert received == data
