package content_test

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

related(relation, subject) := [{
	"field": "id",
	"op": "related",
	"value": {"relation": relation, "subject": subject},
}]

preview := related("shown_to", "everybody")

test_a_stranger_reads_previews if {
	every action in {"content.read", "file.read", "media.read"} {
		data.colonnade.decision.grants == {preview} with input as asking(action, stranger)
	}
}

test_a_stranger_makes_nothing if {
	every action in {"content.create", "file.create", "media.create"} {
		data.colonnade.decision.grants == set() with input as asking(action, stranger)
	}
}

test_a_learner_reads_what_their_courses_show if {
	expected := {preview, related("enrolled", ada), related("teaches", ada)}
	data.colonnade.decision.grants == expected with input as asking("file.read", person("learner"))
}

test_a_learner_changes_nothing if {
	every action in {"content.update", "content.delete", "content.revise", "file.delete"} {
		data.colonnade.decision.grants == set() with input as asking(action, person("learner"))
	}
}

test_instructors_and_administrators_make_and_change if {
	every role in {"owner", "admin", "instructor"} {
		data.colonnade.decision.grants == {[]} with input as asking("content.update", person(role))
	}
}

test_the_operator_brings_content if {
	data.colonnade.decision.grants == {[]} with input as asking("file.create", service("service:operator"))
}

test_another_service_brings_none if {
	data.colonnade.decision.grants == set() with input as asking("file.create", service("service:payment"))
}

test_a_person_of_that_name_is_no_operator if {
	data.colonnade.decision.grants == set() with input as asking("file.create", impostor)
}
