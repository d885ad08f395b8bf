"""The contract of the payment service."""

from colonnade.events import event_type_of
from colonnade_payment import plugin as payment_plugin
from colonnade_payment.api import EVENTS
from colonnade_runtime.testing import PluginContract


class TestPayment(PluginContract):
    """The rules that every plugin keeps."""

    plugin = payment_plugin


def test_events_of_a_payment_are_keyed_by_it_and_those_of_a_payout_by_that() -> None:
    for model in EVENTS:
        key = "payout_id" if "payout_id" in model.model_fields else "payment_id"
        assert event_type_of(model).key == key
        assert "sequence" in model.model_fields
