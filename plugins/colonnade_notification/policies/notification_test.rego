package notification_test

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

impostor := {"id": "service:operator", "kind": "user", "roles": ["learner"], "attributes": {}, "on_behalf_of": null}

own := [{"field": "user_id", "op": "eq", "value": ada}]

test_people_do_with_their_own_notification_read if {
	data.colonnade.decision.grants == {own} with input as asking("notification.read", person("learner"))
}

test_owners_do_only_with_their_own_notification_read if {
	data.colonnade.decision.grants == {own} with input as asking("notification.read", person("owner"))
}

test_a_stranger_may_not_notification_read if {
	data.colonnade.decision.grants == set() with input as asking("notification.read", stranger)
}

test_people_do_with_their_own_notification_mark if {
	data.colonnade.decision.grants == {own} with input as asking("notification.mark", person("learner"))
}

test_owners_do_only_with_their_own_notification_mark if {
	data.colonnade.decision.grants == {own} with input as asking("notification.mark", person("owner"))
}

test_a_stranger_may_not_notification_mark if {
	data.colonnade.decision.grants == set() with input as asking("notification.mark", stranger)
}

test_people_do_with_their_own_notification_preference_read if {
	data.colonnade.decision.grants == {own} with input as asking("notification_preference.read", person("learner"))
}

test_owners_do_only_with_their_own_notification_preference_read if {
	data.colonnade.decision.grants == {own} with input as asking("notification_preference.read", person("owner"))
}

test_a_stranger_may_not_notification_preference_read if {
	data.colonnade.decision.grants == set() with input as asking("notification_preference.read", stranger)
}

test_people_do_with_their_own_notification_preference_update if {
	data.colonnade.decision.grants == {own} with input as asking("notification_preference.update", person("learner"))
}

test_owners_do_only_with_their_own_notification_preference_update if {
	data.colonnade.decision.grants == {own} with input as asking("notification_preference.update", person("owner"))
}

test_a_stranger_may_not_notification_preference_update if {
	data.colonnade.decision.grants == set() with input as asking("notification_preference.update", stranger)
}

test_people_do_with_their_own_push_subscription_create if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.create", person("learner"))
}

test_owners_do_only_with_their_own_push_subscription_create if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.create", person("owner"))
}

test_a_stranger_may_not_push_subscription_create if {
	data.colonnade.decision.grants == set() with input as asking("push_subscription.create", stranger)
}

test_people_do_with_their_own_push_subscription_read if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.read", person("learner"))
}

test_owners_do_only_with_their_own_push_subscription_read if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.read", person("owner"))
}

test_a_stranger_may_not_push_subscription_read if {
	data.colonnade.decision.grants == set() with input as asking("push_subscription.read", stranger)
}

test_people_do_with_their_own_push_subscription_delete if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.delete", person("learner"))
}

test_owners_do_only_with_their_own_push_subscription_delete if {
	data.colonnade.decision.grants == {own} with input as asking("push_subscription.delete", person("owner"))
}

test_a_stranger_may_not_push_subscription_delete if {
	data.colonnade.decision.grants == set() with input as asking("push_subscription.delete", stranger)
}

test_people_read_the_push_key if {
	data.colonnade.decision.grants == {[]} with input as asking("push_key.read", person("learner"))
}

test_a_stranger_may_not_push_key_read if {
	data.colonnade.decision.grants == set() with input as asking("push_key.read", stranger)
}

test_owners_may_template_read if {
	data.colonnade.decision.grants == {[]} with input as asking("template.read", person("owner"))
}

test_admins_may_template_read if {
	data.colonnade.decision.grants == {[]} with input as asking("template.read", person("admin"))
}

test_a_learner_may_not_template_read if {
	data.colonnade.decision.grants == set() with input as asking("template.read", person("learner"))
}

test_an_instructor_may_not_template_read if {
	data.colonnade.decision.grants == set() with input as asking("template.read", person("instructor"))
}

test_a_stranger_may_not_template_read if {
	data.colonnade.decision.grants == set() with input as asking("template.read", stranger)
}

test_the_operator_may_template_read if {
	data.colonnade.decision.grants == {[]} with input as asking("template.read", service("service:operator"))
}

test_another_service_may_not_template_read if {
	data.colonnade.decision.grants == set() with input as asking("template.read", service("service:payment"))
}

test_a_person_of_that_name_may_not_template_read if {
	data.colonnade.decision.grants == set() with input as asking("template.read", impostor)
}

test_owners_may_template_update if {
	data.colonnade.decision.grants == {[]} with input as asking("template.update", person("owner"))
}

test_admins_may_template_update if {
	data.colonnade.decision.grants == {[]} with input as asking("template.update", person("admin"))
}

test_a_learner_may_not_template_update if {
	data.colonnade.decision.grants == set() with input as asking("template.update", person("learner"))
}

test_an_instructor_may_not_template_update if {
	data.colonnade.decision.grants == set() with input as asking("template.update", person("instructor"))
}

test_a_stranger_may_not_template_update if {
	data.colonnade.decision.grants == set() with input as asking("template.update", stranger)
}

test_the_operator_may_template_update if {
	data.colonnade.decision.grants == {[]} with input as asking("template.update", service("service:operator"))
}

test_another_service_may_not_template_update if {
	data.colonnade.decision.grants == set() with input as asking("template.update", service("service:payment"))
}

test_a_person_of_that_name_may_not_template_update if {
	data.colonnade.decision.grants == set() with input as asking("template.update", impostor)
}

test_owners_may_delivery_read if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.read", person("owner"))
}

test_admins_may_delivery_read if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.read", person("admin"))
}

test_a_learner_may_not_delivery_read if {
	data.colonnade.decision.grants == set() with input as asking("delivery.read", person("learner"))
}

test_an_instructor_may_not_delivery_read if {
	data.colonnade.decision.grants == set() with input as asking("delivery.read", person("instructor"))
}

test_a_stranger_may_not_delivery_read if {
	data.colonnade.decision.grants == set() with input as asking("delivery.read", stranger)
}

test_the_operator_may_delivery_read if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.read", service("service:operator"))
}

test_another_service_may_not_delivery_read if {
	data.colonnade.decision.grants == set() with input as asking("delivery.read", service("service:payment"))
}

test_a_person_of_that_name_may_not_delivery_read if {
	data.colonnade.decision.grants == set() with input as asking("delivery.read", impostor)
}

test_owners_may_delivery_retry if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.retry", person("owner"))
}

test_admins_may_delivery_retry if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.retry", person("admin"))
}

test_a_learner_may_not_delivery_retry if {
	data.colonnade.decision.grants == set() with input as asking("delivery.retry", person("learner"))
}

test_an_instructor_may_not_delivery_retry if {
	data.colonnade.decision.grants == set() with input as asking("delivery.retry", person("instructor"))
}

test_a_stranger_may_not_delivery_retry if {
	data.colonnade.decision.grants == set() with input as asking("delivery.retry", stranger)
}

test_the_operator_may_delivery_retry if {
	data.colonnade.decision.grants == {[]} with input as asking("delivery.retry", service("service:operator"))
}

test_another_service_may_not_delivery_retry if {
	data.colonnade.decision.grants == set() with input as asking("delivery.retry", service("service:payment"))
}

test_a_person_of_that_name_may_not_delivery_retry if {
	data.colonnade.decision.grants == set() with input as asking("delivery.retry", impostor)
}

test_owners_may_suppression_read if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.read", person("owner"))
}

test_admins_may_suppression_read if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.read", person("admin"))
}

test_a_learner_may_not_suppression_read if {
	data.colonnade.decision.grants == set() with input as asking("suppression.read", person("learner"))
}

test_an_instructor_may_not_suppression_read if {
	data.colonnade.decision.grants == set() with input as asking("suppression.read", person("instructor"))
}

test_a_stranger_may_not_suppression_read if {
	data.colonnade.decision.grants == set() with input as asking("suppression.read", stranger)
}

test_the_operator_may_suppression_read if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.read", service("service:operator"))
}

test_another_service_may_not_suppression_read if {
	data.colonnade.decision.grants == set() with input as asking("suppression.read", service("service:payment"))
}

test_a_person_of_that_name_may_not_suppression_read if {
	data.colonnade.decision.grants == set() with input as asking("suppression.read", impostor)
}

test_owners_may_suppression_delete if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.delete", person("owner"))
}

test_admins_may_suppression_delete if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.delete", person("admin"))
}

test_a_learner_may_not_suppression_delete if {
	data.colonnade.decision.grants == set() with input as asking("suppression.delete", person("learner"))
}

test_an_instructor_may_not_suppression_delete if {
	data.colonnade.decision.grants == set() with input as asking("suppression.delete", person("instructor"))
}

test_a_stranger_may_not_suppression_delete if {
	data.colonnade.decision.grants == set() with input as asking("suppression.delete", stranger)
}

test_the_operator_may_suppression_delete if {
	data.colonnade.decision.grants == {[]} with input as asking("suppression.delete", service("service:operator"))
}

test_another_service_may_not_suppression_delete if {
	data.colonnade.decision.grants == set() with input as asking("suppression.delete", service("service:payment"))
}

test_a_person_of_that_name_may_not_suppression_delete if {
	data.colonnade.decision.grants == set() with input as asking("suppression.delete", impostor)
}

test_whoever_has_the_link_may_subscription_describe if {
	data.colonnade.decision.grants == {[]} with input as asking("subscription.describe", stranger)
}

test_whoever_has_the_link_may_subscription_end if {
	data.colonnade.decision.grants == {[]} with input as asking("subscription.end", stranger)
}
