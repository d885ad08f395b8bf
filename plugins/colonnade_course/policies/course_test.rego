package course_test

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

impostor := {"id": "service:payment", "kind": "user", "roles": [], "attributes": {}, "on_behalf_of": null}

stranger := {"id": "anonymous", "kind": "anonymous", "roles": [], "attributes": {}, "on_behalf_of": null}

published := [{"field": "status", "op": "eq", "value": "published"}]

in_published := {
	"field": "course_id",
	"op": "related",
	"value": {"relation": "course_status", "subject": "published"},
}

own := {"field": "user_id", "op": "eq", "value": ada}

taught := [{"field": "id", "op": "related", "value": {"relation": "teaches", "subject": ada}}]

in_taught := [{"field": "course_id", "op": "related", "value": {"relation": "teaches", "subject": ada}}]

# --- visitors

test_a_stranger_reads_published_courses if {
	data.colonnade.decision.grants == {published} with input as asking("course.read", stranger)
}

test_a_stranger_reads_lessons_of_published_courses if {
	data.colonnade.decision.grants == {[in_published]} with input as asking("lesson.read", stranger)
}

test_a_stranger_reads_sections_of_published_courses if {
	data.colonnade.decision.grants == {[in_published]} with input as asking("section.read", stranger)
}

test_a_stranger_makes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.create", stranger)
}

test_a_stranger_does_not_enrol if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.create", stranger)
}

test_a_stranger_sees_no_enrolment if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.read", stranger)
}

# --- learners

test_a_learner_reads_published_courses_only if {
	data.colonnade.decision.grants == {published} with input as asking("course.read", person("learner"))
}

test_a_learner_makes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.create", person("learner"))
}

test_a_learner_changes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.update", person("learner"))
}

test_a_learner_adds_no_lesson if {
	data.colonnade.decision.grants == set() with input as asking("lesson.create", person("learner"))
}

test_a_learner_enrols_themself_in_published_courses if {
	data.colonnade.decision.grants == {[own, in_published]} with input as asking("enrollment.create", person("learner"))
}

test_a_learner_sees_their_own_enrolments if {
	data.colonnade.decision.grants == {[own]} with input as asking("enrollment.read", person("learner"))
}

test_a_learner_ends_their_own_enrolments if {
	data.colonnade.decision.grants == {[own]} with input as asking("enrollment.end", person("learner"))
}

test_a_learner_makes_progress_in_their_own_enrolments if {
	data.colonnade.decision.grants == {[own]} with input as asking("enrollment.progress", person("learner"))
}

test_a_learner_reserves_no_seat if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.reserve", person("learner"))
}

test_a_learner_does_not_activate_what_was_not_paid if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.activate", person("learner"))
}

# --- instructors

test_an_instructor_reads_published_courses_and_those_they_teach if {
	data.colonnade.decision.grants == {published, taught} with input as asking("course.read", person("instructor"))
}

test_an_instructor_makes_courses_of_their_own if {
	data.colonnade.decision.grants == {[{"field": "created_by", "op": "eq", "value": ada}]} with input as asking("course.create", person("instructor"))
}

test_an_instructor_changes_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("course.update", person("instructor"))
}

test_an_instructor_publishes_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("course.publish", person("instructor"))
}

test_an_instructor_deletes_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("course.delete", person("instructor"))
}

test_an_instructor_adds_instructors_to_what_they_teach if {
	data.colonnade.decision.grants == {taught} with input as asking("course.assign", person("instructor"))
}

test_an_instructor_adds_lessons_to_what_they_teach if {
	data.colonnade.decision.grants == {in_taught} with input as asking("lesson.create", person("instructor"))
}

test_an_instructor_orders_lessons_of_what_they_teach if {
	data.colonnade.decision.grants == {in_taught} with input as asking("section.arrange", person("instructor"))
}

test_an_instructor_sees_enrolments_in_what_they_teach_and_their_own if {
	data.colonnade.decision.grants == {[own], in_taught} with input as asking("enrollment.read", person("instructor"))
}

test_an_instructor_makes_no_progress_for_others if {
	data.colonnade.decision.grants == {[own]} with input as asking("enrollment.progress", person("instructor"))
}

test_an_instructor_reserves_no_seat if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.reserve", person("instructor"))
}

# --- administrators

test_an_admin_reads_every_course if {
	[] in data.colonnade.decision.grants with input as asking("course.read", person("admin"))
}

test_an_admin_changes_every_course if {
	data.colonnade.decision.grants == {[]} with input as asking("course.update", person("admin"))
}

test_an_owner_makes_courses if {
	data.colonnade.decision.grants == {[]} with input as asking("course.create", person("owner"))
}

test_an_owner_sees_every_enrolment if {
	[] in data.colonnade.decision.grants with input as asking("enrollment.read", person("owner"))
}

test_the_operator_changes_every_lesson if {
	data.colonnade.decision.grants == {[]} with input as asking("lesson.update", service("service:operator"))
}

# --- services

test_payment_reserves_seats if {
	data.colonnade.decision.grants == {[]} with input as asking("enrollment.reserve", service("service:payment"))
}

test_payment_activates_enrolments if {
	data.colonnade.decision.grants == {[]} with input as asking("enrollment.activate", service("service:payment"))
}

test_payment_releases_seats if {
	data.colonnade.decision.grants == {[]} with input as asking("enrollment.release", service("service:payment"))
}

test_payment_ends_an_enrolment_that_was_refunded if {
	data.colonnade.decision.grants == {[]} with input as asking("enrollment.end", service("service:payment"))
}

test_payment_changes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.update", service("service:payment"))
}

test_analytics_reads_every_course if {
	[] in data.colonnade.decision.grants with input as asking("course.read", service("service:analytics"))
}

test_analytics_changes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.update", service("service:analytics"))
}

test_another_service_reserves_no_seat if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.reserve", service("service:content"))
}

test_a_name_alone_makes_no_service if {
	data.colonnade.decision.grants == set() with input as asking("enrollment.reserve", impostor)
}

test_the_service_that_writes_to_people_names_their_courses if {
	[] in data.colonnade.decision.grants with input as asking("course.read", service("service:notification"))
}

test_the_service_that_writes_to_people_changes_no_course if {
	data.colonnade.decision.grants == set() with input as asking("course.update", service("service:notification"))
}
