"""Durations and sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from colonnade.quantities import Duration, Size


class Config(BaseModel):
    timeout: Duration = Duration(5)
    limit: Size = Size(1024)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("20s", 20), ("1.5s", 1.5), ("5m", 300), ("12h", 43_200), ("7d", 604_800),
     ("0s", 0), ("0.001s", 0.001)],
)  # fmt: skip
def test_a_duration_is_seconds(text: str, seconds: float) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    ("text", "count"),
    [("512B", 512), ("64KiB", 65_536), ("10MiB", 10_485_760), ("1.5GiB", 1_610_612_736),
     ("2kB", 2_000), ("10MB", 10_000_000), ("0B", 0)],
)  # fmt: skip
def test_a_size_is_bytes(text: str, count: int) -> None:
    assert Size.parse(text) == count


@pytest.mark.parametrize(
    "text", ["", "20", "s", "20 s", "-1s", "+1s", "1e3s", "20sec", "1m30s", "20S", ".5s", "1.s",
             "20s\n", "٣s", "9999999999999s", "nan", "inf"],
)  # fmt: skip
def test_another_form_of_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="such as 500ms, 20s, 5m"):
        Duration.parse(text)


@pytest.mark.parametrize("text", ["", "10", "10mb", "10 MiB", "10M", "-1B", "1KB", "10MiB\n"])
def test_another_form_of_size_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="such as 512B, 64KiB"):
        Size.parse(text)


def test_a_size_of_half_a_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="whole number of bytes"):
        Size.parse("0.5B")


@given(st.integers(0, 10**11))
def test_a_duration_reads_back_from_its_text(milliseconds: int) -> None:
    duration = Duration(milliseconds / 1_000)
    assert round(Duration.parse(str(duration)) * 1_000) == milliseconds


@given(st.integers(0, 10**12 - 1))
def test_a_size_reads_back_from_its_text(count: int) -> None:
    assert Size.parse(str(Size(count))) == count


@pytest.mark.parametrize("value", ["20", "1.5", "true", '"20"', "null", "[]", '"5 s"'])
def test_a_model_wants_a_unit(value: str) -> None:
    with pytest.raises(ValidationError):
        Config.model_validate_json(f'{{"timeout": {value}}}')


def test_a_model_round_trips_through_json() -> None:
    config = Config(timeout=Duration(90), limit=Size(1536))
    assert config.model_dump_json() == '{"timeout":"90s","limit":"1536B"}'
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_a_number_without_a_unit_is_told_which_units_there_are() -> None:
    with pytest.raises(ValidationError, match="needs a unit, such as 20s"):
        Config.model_validate_json('{"timeout": 20}')
