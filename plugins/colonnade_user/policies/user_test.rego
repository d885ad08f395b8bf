package user_test

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

impostor := {"id": "service:gateway", "kind": "user", "roles": [], "attributes": {}, "on_behalf_of": null}

key_of_an_owner := {"id": "key", "kind": "api_key", "roles": ["owner"], "attributes": {}, "on_behalf_of": null}

stranger := {"id": "anonymous", "kind": "anonymous", "roles": [], "attributes": {}, "on_behalf_of": null}

own_account := [{"field": "id", "op": "eq", "value": ada}]

own_things := [{"field": "user_id", "op": "eq", "value": ada}]

is_learner := [{"field": "role", "op": "eq", "value": "learner"}]

below_owner := [{"field": "role", "op": "in", "value": ["admin", "instructor", "learner"]}]

public := [{"field": "audience", "op": "eq", "value": "public"}]

for_members := [{"field": "audience", "op": "in", "value": ["public", "members"]}]

test_a_stranger_registers_as_a_learner_only if {
	data.colonnade.decision.grants == {is_learner} with input as asking("user.register", stranger)
}

test_an_owner_registers_learners_only if {
	data.colonnade.decision.grants == {is_learner} with input as asking("user.register", person("owner"))
}

test_anybody_signs_in if {
	data.colonnade.decision.grants == {[]} with input as asking("session.open", stranger)
}

test_anybody_stays_signed_in if {
	data.colonnade.decision.grants == {[]} with input as asking("session.refresh", stranger)
}

test_anybody_signs_out if {
	data.colonnade.decision.grants == {[]} with input as asking("session.close", stranger)
}

test_anybody_reads_the_public_keys if {
	data.colonnade.decision.grants == {[]} with input as asking("signing_key.read", stranger)
}

test_a_stranger_reads_public_profiles if {
	data.colonnade.decision.grants == {public} with input as asking("profile.read", stranger)
}

test_a_stranger_reads_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.read", stranger)
}

test_a_stranger_changes_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.update", stranger)
}

test_a_stranger_deletes_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.delete", stranger)
}

test_a_stranger_sees_no_sessions if {
	data.colonnade.decision.grants == set() with input as asking("session.read", stranger)
}

test_a_stranger_ends_no_session_by_its_id if {
	data.colonnade.decision.grants == set() with input as asking("session.end", stranger)
}

test_a_stranger_changes_no_password if {
	data.colonnade.decision.grants == set() with input as asking("password.change", stranger)
}

test_a_stranger_writes_no_profile if {
	data.colonnade.decision.grants == set() with input as asking("profile.update", stranger)
}

test_a_stranger_rotates_no_keys if {
	data.colonnade.decision.grants == set() with input as asking("signing_key.rotate", stranger)
}

test_a_stranger_resolves_no_session if {
	data.colonnade.decision.grants == set() with input as asking("session.resolve", stranger)
}

test_a_learner_reads_themself_only if {
	data.colonnade.decision.grants == {own_account} with input as asking("user.read", person("learner"))
}

test_a_learner_deletes_themself_only if {
	data.colonnade.decision.grants == {own_account} with input as asking("user.delete", person("learner"))
}

test_a_learner_changes_nobodys_role if {
	data.colonnade.decision.grants == set() with input as asking("user.update", person("learner"))
}

test_a_learner_sees_their_own_sessions if {
	data.colonnade.decision.grants == {own_things} with input as asking("session.read", person("learner"))
}

test_a_learner_ends_their_own_sessions if {
	data.colonnade.decision.grants == {own_things} with input as asking("session.end", person("learner"))
}

test_a_learner_changes_a_password if {
	data.colonnade.decision.grants == {[]} with input as asking("password.change", person("learner"))
}

test_a_learner_writes_their_own_profile if {
	data.colonnade.decision.grants == {own_things} with input as asking("profile.update", person("learner"))
}

test_a_learner_reads_profiles_as_their_owners_choose if {
	data.colonnade.decision.grants == {own_things, public, for_members} with input as asking("profile.read", person("learner"))
}

test_an_instructor_reads_themself_and_learners if {
	data.colonnade.decision.grants == {own_account, is_learner} with input as asking("user.read", person("instructor"))
}

test_an_instructor_reads_no_addresses if {
	data.colonnade.decision.masks == {"email"} with input as asking("user.read", person("instructor"))
}

test_an_instructor_changes_nobodys_role if {
	data.colonnade.decision.grants == set() with input as asking("user.update", person("instructor"))
}

test_an_admin_reads_everybody if {
	[] in data.colonnade.decision.grants with input as asking("user.read", person("admin"))
}

test_an_admin_reads_addresses if {
	data.colonnade.decision.masks == set() with input as asking("user.read", person("admin"))
}

test_an_admin_changes_no_owner_and_makes_none if {
	data.colonnade.decision.grants == {below_owner} with input as asking("user.update", person("admin"))
}

test_an_admin_deletes_no_owner if {
	data.colonnade.decision.grants == {below_owner, own_account} with input as asking("user.delete", person("admin"))
}

test_an_admin_sees_only_their_own_sessions if {
	data.colonnade.decision.grants == {own_things} with input as asking("session.read", person("admin"))
}

test_an_admin_writes_only_their_own_profile if {
	data.colonnade.decision.grants == {own_things} with input as asking("profile.update", person("admin"))
}

test_an_admin_reads_every_profile if {
	[] in data.colonnade.decision.grants with input as asking("profile.read", person("admin"))
}

test_an_admin_rotates_no_keys if {
	data.colonnade.decision.grants == set() with input as asking("signing_key.rotate", person("admin"))
}

test_an_owner_changes_any_account if {
	data.colonnade.decision.grants == {[]} with input as asking("user.update", person("owner"))
}

test_an_owner_rotates_keys if {
	data.colonnade.decision.grants == {[]} with input as asking("signing_key.rotate", person("owner"))
}

test_an_owner_resolves_no_session if {
	data.colonnade.decision.grants == set() with input as asking("session.resolve", person("owner"))
}

test_the_operator_changes_any_account if {
	data.colonnade.decision.grants == {[]} with input as asking("user.update", service("service:operator"))
}

test_the_operator_reads_any_account if {
	data.colonnade.decision.grants == {[]} with input as asking("user.read", service("service:operator"))
}

test_the_operator_reads_addresses if {
	data.colonnade.decision.masks == set() with input as asking("user.read", service("service:operator"))
}

test_the_operator_has_no_password if {
	data.colonnade.decision.grants == set() with input as asking("password.change", service("service:operator"))
}

test_the_operator_resolves_no_session if {
	data.colonnade.decision.grants == set() with input as asking("session.resolve", service("service:operator"))
}

test_the_edge_resolves_sessions if {
	data.colonnade.decision.grants == {[]} with input as asking("session.resolve", service("service:gateway"))
}

test_the_edge_reads_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.read", service("service:gateway"))
}

test_a_name_alone_makes_no_service if {
	data.colonnade.decision.grants == set() with input as asking("session.resolve", impostor)
}

test_another_service_reads_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.read", service("service:payment"))
}

# --- services

test_analytics_sees_profiles_as_members_do if {
	for_members in data.colonnade.decision.grants with input as asking("profile.read", service("service:analytics"))
}

test_analytics_sees_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.read", service("service:analytics"))
}

test_the_service_that_lets_people_teach_knows_who_may if {
	data.colonnade.decision.grants == {[{"field": "role", "op": "in", "value": ["owner", "admin", "instructor"]}]} with input as asking("user.read", service("service:course"))
	data.colonnade.decision.masks == {"email"} with input as asking("user.read", service("service:course"))
}

test_the_service_that_shares_what_people_made_knows_with_whom if {
	data.colonnade.decision.grants == {[{"field": "role", "op": "in", "value": ["owner", "admin", "instructor"]}]} with input as asking("user.read", service("service:content"))
	data.colonnade.decision.masks == {"email"} with input as asking("user.read", service("service:content"))
}

test_the_service_that_writes_to_people_knows_where if {
	data.colonnade.decision.grants == {[]} with input as asking("user.read", service("service:notification"))
	data.colonnade.decision.masks == set() with input as asking("user.read", service("service:notification"))
}

test_the_service_that_writes_to_people_changes_no_account if {
	data.colonnade.decision.grants == set() with input as asking("user.update", service("service:notification"))
}

# --- confirmations

test_anybody_has_forgotten_their_password if {
	data.colonnade.decision.grants == {[]} with input as asking("password.forget", stranger)
}

test_anybody_follows_a_link if {
	data.colonnade.decision.grants == {[]} with input as asking("confirmation.redeem", stranger)
}

test_only_the_service_that_writes_to_people_gets_tokens_asking_confirmation_issue_service_notification if {
	data.colonnade.decision.grants == {[]} with input as asking("confirmation.issue", service("service:notification"))
}

test_only_the_service_that_writes_to_people_gets_tokens_asking_confirmation_issue_service_course if {
	data.colonnade.decision.grants == set() with input as asking("confirmation.issue", service("service:course"))
}

test_only_the_service_that_writes_to_people_gets_tokens_asking_confirmation_issue_service_operator if {
	data.colonnade.decision.grants == set() with input as asking("confirmation.issue", service("service:operator"))
}

test_only_the_service_that_writes_to_people_gets_tokens_asking_confirmation_issue_person_owner if {
	data.colonnade.decision.grants == set() with input as asking("confirmation.issue", person("owner"))
}

test_only_the_service_that_writes_to_people_gets_tokens_asking_confirmation_issue_stranger if {
	data.colonnade.decision.grants == set() with input as asking("confirmation.issue", stranger)
}

test_people_verify_and_change_their_own_address_asking_email_verify_person_learner if {
	data.colonnade.decision.grants == {[]} with input as asking("email.verify", person("learner"))
}

test_people_verify_and_change_their_own_address_asking_email_change_person_learner if {
	data.colonnade.decision.grants == {[]} with input as asking("email.change", person("learner"))
}

test_people_verify_and_change_their_own_address_asking_email_verify_stranger if {
	data.colonnade.decision.grants == set() with input as asking("email.verify", stranger)
}

test_people_verify_and_change_their_own_address_asking_email_change_stranger if {
	data.colonnade.decision.grants == set() with input as asking("email.change", stranger)
}

test_people_verify_and_change_their_own_address_asking_email_verify_service_operator if {
	data.colonnade.decision.grants == set() with input as asking("email.verify", service("service:operator"))
}

test_people_verify_and_change_their_own_address_asking_email_change_service_operator if {
	data.colonnade.decision.grants == set() with input as asking("email.change", service("service:operator"))
}

test_an_admin_has_a_link_sent_to_anybody_but_owners if {
	data.colonnade.decision.grants == {below_owner} with input as asking("user.reset_password", person("admin"))
}

test_an_owner_has_a_link_sent_to_anybody if {
	data.colonnade.decision.grants == {[]} with input as asking("user.reset_password", person("owner"))
}

test_nobody_else_has_a_link_sent_to_others_asking_user_reset_password_person_instructor if {
	data.colonnade.decision.grants == set() with input as asking("user.reset_password", person("instructor"))
}

test_nobody_else_has_a_link_sent_to_others_asking_user_reset_password_person_learner if {
	data.colonnade.decision.grants == set() with input as asking("user.reset_password", person("learner"))
}

test_nobody_else_has_a_link_sent_to_others_asking_user_reset_password_stranger if {
	data.colonnade.decision.grants == set() with input as asking("user.reset_password", stranger)
}

test_only_whoever_runs_the_platform_sets_an_owners_password_asking_password_set_service_operator if {
	data.colonnade.decision.grants == {[]} with input as asking("password.set", service("service:operator"))
}

test_only_whoever_runs_the_platform_sets_an_owners_password_asking_password_set_person_owner if {
	data.colonnade.decision.grants == set() with input as asking("password.set", person("owner"))
}

test_only_whoever_runs_the_platform_sets_an_owners_password_asking_password_set_service_notification if {
	data.colonnade.decision.grants == set() with input as asking("password.set", service("service:notification"))
}

test_only_whoever_runs_the_platform_sets_an_owners_password_asking_password_set_stranger if {
	data.colonnade.decision.grants == set() with input as asking("password.set", stranger)
}

# --- invitations

test_an_owner_invites_everybody if {
	data.colonnade.decision.grants == {[]} with input as asking("invitation.create", person("owner"))
}

test_an_admin_invites_nobody_above_themself_asking_invitation_create_person_admin if {
	data.colonnade.decision.grants == {below_owner} with input as asking("invitation.create", person("admin"))
}

test_an_admin_invites_nobody_above_themself_asking_invitation_revoke_person_admin if {
	data.colonnade.decision.grants == {below_owner} with input as asking("invitation.revoke", person("admin"))
}

test_an_admin_sees_all_invitations if {
	data.colonnade.decision.grants == {[]} with input as asking("invitation.read", person("admin"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_create_person_instructor if {
	data.colonnade.decision.grants == set() with input as asking("invitation.create", person("instructor"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_read_person_instructor if {
	data.colonnade.decision.grants == set() with input as asking("invitation.read", person("instructor"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_revoke_person_instructor if {
	data.colonnade.decision.grants == set() with input as asking("invitation.revoke", person("instructor"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_create_person_learner if {
	data.colonnade.decision.grants == set() with input as asking("invitation.create", person("learner"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_read_person_learner if {
	data.colonnade.decision.grants == set() with input as asking("invitation.read", person("learner"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_revoke_person_learner if {
	data.colonnade.decision.grants == set() with input as asking("invitation.revoke", person("learner"))
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_create_stranger if {
	data.colonnade.decision.grants == set() with input as asking("invitation.create", stranger)
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_read_stranger if {
	data.colonnade.decision.grants == set() with input as asking("invitation.read", stranger)
}

test_nobody_else_sees_or_makes_invitations_asking_invitation_revoke_stranger if {
	data.colonnade.decision.grants == set() with input as asking("invitation.revoke", stranger)
}

# --- the academy

test_everybody_reads_what_an_academy_says_of_itself_asking_stranger if {
	data.colonnade.decision.grants == {[]} with input as asking("academy.read", stranger)
}

test_everybody_reads_what_an_academy_says_of_itself_asking_learner if {
	data.colonnade.decision.grants == {[]} with input as asking("academy.read", person("learner"))
}

test_an_owner_changes_the_academy if {
	data.colonnade.decision.grants == {[]} with input as asking("academy.update", person("owner"))
}

test_whoever_runs_the_platform_changes_an_academy if {
	data.colonnade.decision.grants == {[]} with input as asking("academy.update", service("service:operator"))
}

test_nobody_else_changes_an_academy_asking_admin if {
	data.colonnade.decision.grants == set() with input as asking("academy.update", person("admin"))
}

test_nobody_else_changes_an_academy_asking_learner if {
	data.colonnade.decision.grants == set() with input as asking("academy.update", person("learner"))
}

test_nobody_else_changes_an_academy_asking_stranger if {
	data.colonnade.decision.grants == set() with input as asking("academy.update", stranger)
}

test_nobody_else_changes_an_academy_asking_another_service if {
	data.colonnade.decision.grants == set() with input as asking("academy.update", service("service:course"))
}

test_nobody_else_changes_an_academy_asking_key if {
	data.colonnade.decision.grants == set() with input as asking("academy.update", key_of_an_owner)
}

# --- what an academy's own file says

granting_tenant := object.union(asking("user.read", person("learner")), {"tenant_data": {"grants": [[]]}})

test_an_academy_grants_nothing if {
	data.colonnade.decision.grants == {own_account} with input as granting_tenant
}
