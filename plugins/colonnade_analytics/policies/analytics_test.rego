package analytics_test

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

impostor := {"id": "service:operator", "kind": "user", "roles": [], "attributes": {}, "on_behalf_of": null}

own := [{"field": "user_id", "op": "eq", "value": ada}]

requested := [{"field": "requested_by", "op": "eq", "value": ada}]

taught := [{"field": "course_id", "op": "related", "value": {"relation": "teaches", "subject": ada}}]

# --- visitors

test_a_stranger_sees_no_number if {
	data.colonnade.decision.grants == set() with input as asking("metric.read", stranger)
}

test_a_stranger_sends_no_event if {
	data.colonnade.decision.grants == set() with input as asking("client_event.create", stranger)
}

test_a_stranger_asks_for_no_report if {
	data.colonnade.decision.grants == set() with input as asking("report.create", stranger)
}

# --- learners

test_a_learner_sends_their_own_events if {
	data.colonnade.decision.grants == {own} with input as asking("client_event.create", person("learner"))
}

test_a_learner_sees_their_own_events if {
	data.colonnade.decision.grants == {own} with input as asking("client_event.read", person("learner"))
}

test_a_learner_sees_no_number if {
	data.colonnade.decision.grants == set() with input as asking("metric.read", person("learner"))
}

test_a_learner_asks_for_no_report if {
	data.colonnade.decision.grants == set() with input as asking("report.create", person("learner"))
}

test_a_learner_reads_no_report if {
	data.colonnade.decision.grants == set() with input as asking("report.read", person("learner"))
}

test_a_learner_learns_of_no_kind if {
	data.colonnade.decision.grants == set() with input as asking("report_kind.read", person("learner"))
}

# --- instructors

test_an_instructor_sees_numbers_of_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("metric.read", person("instructor"))
}

test_an_instructor_asks_for_reports_on_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("report.create", person("instructor"))
}

test_an_instructor_reads_the_reports_they_asked_for if {
	data.colonnade.decision.grants == {requested} with input as asking("report.read", person("instructor"))
}

test_an_instructor_removes_the_reports_they_asked_for if {
	data.colonnade.decision.grants == {requested} with input as asking("report.delete", person("instructor"))
}

test_an_instructor_knows_the_kinds if {
	data.colonnade.decision.grants == {[]} with input as asking("report_kind.read", person("instructor"))
}

# --- administrators

test_an_owner_sees_every_number if {
	data.colonnade.decision.grants == {[]} with input as asking("metric.read", person("owner"))
}

test_an_admin_asks_for_every_report if {
	data.colonnade.decision.grants == {[]} with input as asking("report.create", person("admin"))
}

test_an_admin_reads_every_report if {
	data.colonnade.decision.grants == {[]} with input as asking("report.read", person("admin"))
}

test_an_owner_sees_nobody_elses_events if {
	data.colonnade.decision.grants == {own} with input as asking("client_event.read", person("owner"))
}

test_the_operator_sees_every_number if {
	data.colonnade.decision.grants == {[]} with input as asking("metric.read", service("service:operator"))
}

test_a_name_alone_makes_no_operator if {
	data.colonnade.decision.grants == set() with input as asking("metric.read", impostor)
}
