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

test_a_stranger_reads_previews_content_read if {
	data.colonnade.decision.grants == {preview} with input as asking("content.read", stranger)
}

test_a_stranger_reads_previews_file_read if {
	data.colonnade.decision.grants == {preview} with input as asking("file.read", stranger)
}

test_a_stranger_reads_previews_media_read if {
	data.colonnade.decision.grants == {preview} with input as asking("media.read", stranger)
}

test_a_stranger_may_not_content_create if {
	data.colonnade.decision.grants == set() with input as asking("content.create", stranger)
}

test_a_stranger_may_not_file_create if {
	data.colonnade.decision.grants == set() with input as asking("file.create", stranger)
}

test_a_stranger_may_not_media_create if {
	data.colonnade.decision.grants == set() with input as asking("media.create", stranger)
}

test_a_learner_reads_what_their_courses_show if {
	expected := {preview, related("enrolled", ada)}
	data.colonnade.decision.grants == expected with input as asking("file.read", person("learner"))
}

test_an_instructor_reads_what_is_taught if {
	grants := data.colonnade.services.content.grants with input as asking("file.read", person("instructor"))
	related("teaches", ada) in grants
}

test_whoever_lost_the_role_teaches_nothing if {
	grants := data.colonnade.services.content.grants with input as asking("content.read", person("learner"))
	not related("teaches", ada) in grants
}

test_a_learner_may_not_content_update if {
	data.colonnade.decision.grants == set() with input as asking("content.update", person("learner"))
}

test_a_learner_may_not_content_delete if {
	data.colonnade.decision.grants == set() with input as asking("content.delete", person("learner"))
}

test_a_learner_may_not_content_revise if {
	data.colonnade.decision.grants == set() with input as asking("content.revise", person("learner"))
}

test_a_learner_may_not_file_delete if {
	data.colonnade.decision.grants == set() with input as asking("file.delete", person("learner"))
}

test_content_is_changed_by_owner if {
	data.colonnade.decision.grants == {[]} with input as asking("content.update", person("owner"))
}

test_content_is_changed_by_admin if {
	data.colonnade.decision.grants == {[]} with input as asking("content.update", person("admin"))
}

made_by(field) := [{"field": field, "op": "eq", "value": ada}]

theirs := {related("teaches", ada), related("shared_with", ada)}

test_an_instructor_changes_their_own_taught_and_shared_asking_content_update if {
	expected := {made_by("created_by")} | theirs
	data.colonnade.decision.grants == expected with input as asking("content.update", person("instructor"))
}

test_an_instructor_changes_their_own_taught_and_shared_asking_content_revise if {
	expected := {made_by("created_by")} | theirs
	data.colonnade.decision.grants == expected with input as asking("content.revise", person("instructor"))
}

test_an_instructor_changes_their_own_taught_and_shared_asking_content_publish if {
	expected := {made_by("created_by")} | theirs
	data.colonnade.decision.grants == expected with input as asking("content.publish", person("instructor"))
}

test_an_instructor_changes_their_own_taught_and_shared_asking_media_publish if {
	expected := {made_by("created_by")} | theirs
	data.colonnade.decision.grants == expected with input as asking("media.publish", person("instructor"))
}

test_an_instructor_publishes_their_own_taught_and_shared_files if {
	expected := {made_by("uploaded_by")} | theirs
	data.colonnade.decision.grants == expected with input as asking("file.publish", person("instructor"))
}

test_an_instructor_reads_no_more_than_that_and_what_is_for_readers if {
	expected := {made_by("created_by"), preview, related("enrolled", ada)} | theirs
	data.colonnade.decision.grants == expected with input as asking("content.read", person("instructor"))
}

test_only_its_maker_deletes_and_shares_asking_content_create if {
	data.colonnade.decision.grants == {made_by("created_by")} with input as asking("content.create", person("instructor"))
}

test_only_its_maker_deletes_and_shares_asking_content_delete if {
	data.colonnade.decision.grants == {made_by("created_by")} with input as asking("content.delete", person("instructor"))
}

test_only_its_maker_deletes_and_shares_asking_content_share if {
	data.colonnade.decision.grants == {made_by("created_by")} with input as asking("content.share", person("instructor"))
}

test_only_its_maker_deletes_and_shares_asking_media_delete if {
	data.colonnade.decision.grants == {made_by("created_by")} with input as asking("media.delete", person("instructor"))
}

test_a_learner_publishes_and_shares_nothing_asking_content_publish if {
	data.colonnade.decision.grants == set() with input as asking("content.publish", person("learner"))
}

test_a_learner_publishes_and_shares_nothing_asking_content_share if {
	data.colonnade.decision.grants == set() with input as asking("content.share", person("learner"))
}

test_a_learner_publishes_and_shares_nothing_asking_file_publish if {
	data.colonnade.decision.grants == set() with input as asking("file.publish", person("learner"))
}

test_a_learner_publishes_and_shares_nothing_asking_media_publish if {
	data.colonnade.decision.grants == set() with input as asking("media.publish", person("learner"))
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
