package colonnade_test

learner := {"id": "ada", "kind": "user", "roles": ["learner"]}

# `user.read` stands for any action: the entry point knows none of its own. What services grant is
# for their own tests, since a platform runs the policies of its plugins alone.
asks(tenant_data) := {
	"action": "user.read",
	"resource_type": "user",
	"principal": learner,
	"tenant": {"id": "acme", "plan": "free", "status": "active"},
	"tenant_data": tenant_data,
}

unknown_action(tenant_data) := {
	"action": "nonsense",
	"resource_type": "user",
	"principal": {"id": "eve", "kind": "user", "roles": ["owner"]},
	"tenant": {"id": "acme", "plan": "free", "status": "active"},
	"tenant_data": tenant_data,
}

suspended(kind) := {
	"action": "user.read",
	"resource_type": "user",
	"principal": {"id": "ada", "kind": kind, "roles": []},
	"tenant": {"id": "acme", "plan": "free", "status": "suspended"},
	"tenant_data": {},
}

active_only := [{"field": "status", "op": "eq", "value": "suspended"}]

test_the_decision_has_exactly_its_four_members if {
	object.keys(data.colonnade.decision) == {"grants", "deny", "masks", "expires_at"} with input as asks({})
}

test_an_unknown_action_is_granted_to_nobody if {
	data.colonnade.decision.grants == set() with input as unknown_action({})
}

test_a_tenant_without_policy_denies_nothing if {
	data.colonnade.decision.deny == set() with input as asks({})
}

test_a_tenant_denies_with_conditions if {
	data.colonnade.decision.deny == {active_only} with input as asks({"deny": [{"action": "user.read", "when": active_only}]})
}

test_a_tenant_denies_an_action_altogether if {
	data.colonnade.decision.deny == {[]} with input as asks({"deny": [{"action": "user.read"}]})
}

test_a_tenant_denies_every_action if {
	data.colonnade.decision.deny == {[]} with input as asks({"deny": [{"action": "*"}]})
}

test_a_tenants_deny_of_another_action_does_not_matter if {
	data.colonnade.decision.deny == set() with input as asks({"deny": [{"action": "user.delete"}]})
}

test_a_tenant_denies_a_role if {
	data.colonnade.decision.deny == {[]} with input as asks({"deny": [{"action": "*", "roles": ["learner"]}]})
}

test_a_tenants_deny_of_another_role_does_not_matter if {
	data.colonnade.decision.deny == set() with input as asks({"deny": [{"action": "*", "roles": ["admin"]}]})
}

test_a_tenant_cannot_grant if {
	data.colonnade.decision.grants == set() with input as unknown_action({"grants": [[]]})
}

test_nobody_acts_in_a_suspended_tenant if {
	data.colonnade.decision.deny == {[]} with input as suspended("user")
}

test_a_service_acts_in_a_suspended_tenant if {
	data.colonnade.decision.deny == set() with input as suspended("service")
}
