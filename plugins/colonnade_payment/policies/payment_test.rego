package payment_test

ada := "0190a000-0000-7000-8000-000000000001"

asking(action, principal) := {
	"action": action,
	"resource_type": split(action, ".")[0],
	"principal": principal,
	"tenant": {"id": "acme", "plan": "free", "status": "active"},
	"tenant_data": {},
}

person(role) := {"id": ada, "kind": "user", "roles": [role], "attributes": {}, "on_behalf_of": null}

service(name) := {"id": name, "kind": "service", "roles": [], "attributes": {}, "on_behalf_of": null}

stranger := {"id": "anonymous", "kind": "anonymous", "roles": [], "attributes": {}, "on_behalf_of": null}

own := {[{"field": "user_id", "op": "eq", "value": ada}]}

own_payout := {[{"field": "instructor_id", "op": "eq", "value": ada}]}

# --- buyers

test_a_stranger_buys_nothing if {
	data.colonnade.decision.grants == set() with input as asking("payment.create", stranger)
}

test_a_stranger_sees_no_payment if {
	data.colonnade.decision.grants == set() with input as asking("payment.read", stranger)
}

test_a_learner_buys_for_themself if {
	data.colonnade.decision.grants == own with input as asking("payment.create", person("learner"))
}

test_a_learner_reads_their_own_payments if {
	data.colonnade.decision.grants == own with input as asking("payment.read", person("learner"))
}

test_a_learner_cancels_their_own_payments if {
	data.colonnade.decision.grants == own with input as asking("payment.cancel", person("learner"))
}

test_a_learner_has_no_payment_refund if {
	data.colonnade.decision.grants == set() with input as asking("payment.refund", person("learner"))
}

test_a_learner_has_no_transaction_read if {
	data.colonnade.decision.grants == set() with input as asking("transaction.read", person("learner"))
}

test_a_learner_has_no_payout_approve if {
	data.colonnade.decision.grants == set() with input as asking("payout.approve", person("learner"))
}

test_a_learner_has_no_payout_pay if {
	data.colonnade.decision.grants == set() with input as asking("payout.pay", person("learner"))
}

test_a_learner_has_no_coupon_create if {
	data.colonnade.decision.grants == set() with input as asking("coupon.create", person("learner"))
}

test_a_learner_has_no_coupon_read if {
	data.colonnade.decision.grants == set() with input as asking("coupon.read", person("learner"))
}

test_a_learner_has_no_coupon_delete if {
	data.colonnade.decision.grants == set() with input as asking("coupon.delete", person("learner"))
}

# --- instructors

test_an_instructor_reads_their_own_balance if {
	data.colonnade.decision.grants == own with input as asking("balance.read", person("instructor"))
}

test_an_instructor_asks_for_their_own_payout if {
	data.colonnade.decision.grants == own_payout with input as asking("payout.create", person("instructor"))
}

test_an_instructor_reads_their_own_payouts if {
	data.colonnade.decision.grants == own_payout with input as asking("payout.read", person("instructor"))
}

test_an_instructor_has_no_payment_refund if {
	data.colonnade.decision.grants == set() with input as asking("payment.refund", person("instructor"))
}

test_an_instructor_has_no_transaction_read if {
	data.colonnade.decision.grants == set() with input as asking("transaction.read", person("instructor"))
}

test_an_instructor_has_no_payout_approve if {
	data.colonnade.decision.grants == set() with input as asking("payout.approve", person("instructor"))
}

test_an_instructor_has_no_payout_pay if {
	data.colonnade.decision.grants == set() with input as asking("payout.pay", person("instructor"))
}

test_an_instructor_has_no_coupon_create if {
	data.colonnade.decision.grants == set() with input as asking("coupon.create", person("instructor"))
}

test_an_instructor_has_no_coupon_read if {
	data.colonnade.decision.grants == set() with input as asking("coupon.read", person("instructor"))
}

test_an_instructor_has_no_coupon_delete if {
	data.colonnade.decision.grants == set() with input as asking("coupon.delete", person("instructor"))
}

# --- administrators

test_an_admin_has_payment_refund if {
	[] in data.colonnade.decision.grants with input as asking("payment.refund", person("admin"))
}

test_an_admin_has_transaction_read if {
	[] in data.colonnade.decision.grants with input as asking("transaction.read", person("admin"))
}

test_no_admin_approves_their_own_payout if {
	own_payout == data.colonnade.decision.deny with input as asking("payout.approve", person("admin"))
}

test_no_owner_approves_their_own_payout if {
	own_payout == data.colonnade.decision.deny with input as asking("payout.approve", person("owner"))
}

test_no_owner_notes_their_own_payout_as_paid if {
	own_payout == data.colonnade.decision.deny with input as asking("payout.pay", person("owner"))
}

test_no_admin_notes_their_own_payout_as_paid if {
	own_payout == data.colonnade.decision.deny with input as asking("payout.pay", person("admin"))
}

test_an_owner_sees_their_own_payout if {
	data.colonnade.decision.deny == set() with input as asking("payout.read", person("owner"))
}

test_an_admin_has_payout_approve if {
	[] in data.colonnade.decision.grants with input as asking("payout.approve", person("admin"))
}

test_an_admin_has_payout_pay if {
	[] in data.colonnade.decision.grants with input as asking("payout.pay", person("admin"))
}

test_an_admin_has_coupon_create if {
	[] in data.colonnade.decision.grants with input as asking("coupon.create", person("admin"))
}

test_an_admin_has_coupon_read if {
	[] in data.colonnade.decision.grants with input as asking("coupon.read", person("admin"))
}

test_an_admin_has_coupon_delete if {
	[] in data.colonnade.decision.grants with input as asking("coupon.delete", person("admin"))
}

test_an_owner_has_payment_refund if {
	[] in data.colonnade.decision.grants with input as asking("payment.refund", person("owner"))
}

test_an_owner_has_transaction_read if {
	[] in data.colonnade.decision.grants with input as asking("transaction.read", person("owner"))
}

test_an_owner_has_payout_approve if {
	[] in data.colonnade.decision.grants with input as asking("payout.approve", person("owner"))
}

test_an_owner_has_payout_pay if {
	[] in data.colonnade.decision.grants with input as asking("payout.pay", person("owner"))
}

test_an_owner_has_coupon_create if {
	[] in data.colonnade.decision.grants with input as asking("coupon.create", person("owner"))
}

test_an_owner_has_coupon_read if {
	[] in data.colonnade.decision.grants with input as asking("coupon.read", person("owner"))
}

test_an_owner_has_coupon_delete if {
	[] in data.colonnade.decision.grants with input as asking("coupon.delete", person("owner"))
}

test_an_owner_sees_every_payment if {
	[] in data.colonnade.decision.grants with input as asking("payment.read", person("owner"))
}

test_an_owner_takes_no_payout_of_anothers if {
	data.colonnade.decision.grants == own_payout with input as asking("payout.create", person("owner"))
}

# --- providers and services

test_anybody_may_send_a_webhook if {
	data.colonnade.decision.grants == {[]} with input as asking("webhook.receive", stranger)
}

test_the_operator_keeps_the_books if {
	[] in data.colonnade.decision.grants with input as asking("payment.refund", service("service:operator"))
}

test_another_service_refunds_nothing if {
	data.colonnade.decision.grants == set() with input as asking("payment.refund", service("service:course"))
}

test_the_gateway_refunds_nothing if {
	data.colonnade.decision.grants == set() with input as asking("payment.refund", service("service:gateway"))
}
