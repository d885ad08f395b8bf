package certificates_test

ada := "0190a000-0000-7000-8000-000000000001"

asking(action, kind, roles) := {
	"action": action,
	"resource_type": "certificate",
	"principal": {"id": ada, "kind": kind, "roles": roles, "attributes": {}, "on_behalf_of": null},
	"tenant": {"id": "acme", "plan": "free", "status": "active"},
	"tenant_data": {},
}

test_a_stranger_reads_what_a_certificate_says if {
	data.colonnade.decision.grants == {[]} with input as asking("certificate.show", "anonymous", [])
}

test_a_stranger_lists_nothing if {
	data.colonnade.decision.grants == set() with input as asking("certificate.read", "anonymous", [])
}

test_a_learner_reads_their_own if {
	own := [{"field": "user_id", "op": "eq", "value": ada}]
	data.colonnade.decision.grants == {own} with input as asking("certificate.read", "user", ["learner"])
}

test_an_instructor_revokes_nothing if {
	data.colonnade.decision.grants == set() with input as asking("certificate.revoke", "user", ["instructor"])
}

test_an_owner_revokes if {
	data.colonnade.decision.grants == {[]} with input as asking("certificate.revoke", "user", ["owner"])
}
