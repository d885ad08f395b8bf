"""States of a picture within the service are those of its contract."""

from typing import get_args

from colonnade_content import api
from colonnade_content.api.types import MediaState as ContractState
from colonnade_content.media.states import MediaState


def test_every_state_is_one_of_the_contract_and_the_other_way_round() -> None:
    assert {str(state) for state in MediaState} == set(get_args(ContractState))
    assert ContractState == api.Media.model_fields["state"].annotation
