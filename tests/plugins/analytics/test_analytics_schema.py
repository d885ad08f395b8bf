"""The migrations lead to what the models say."""

from colonnade.services import StoreNeed
from colonnade_analytics.plugin import stores
from colonnade_runtime.migrations import schema_differences


def test_the_migrated_schema_is_that_of_the_models() -> None:
    need: StoreNeed = stores()
    assert schema_differences(need) == []
