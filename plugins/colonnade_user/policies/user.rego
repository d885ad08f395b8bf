# Who may do what with accounts, sessions and profiles.
package colonnade.services.user

actions contains action if some action in for_everybody

actions contains action if some action in for_people

actions contains action if some action in for_administrators

actions contains "profile.read"

actions contains "academy.update"

actions contains "signing_key.rotate"

actions contains "session.resolve"

actions contains "confirmation.issue"

actions contains "password.set"

actions contains action if some action in for_those_who_add_people

# Becoming somebody, and leaving; the keys are public so that anybody can verify a token, and what an
# academy says of itself is what a front end shows before anybody has signed in.
for_everybody := {
	"user.register",
	"session.open",
	"session.refresh",
	"session.close",
	"signing_key.read",
	"password.forget",
	"confirmation.redeem",
	"academy.read",
}

# What people do with what is their own.
for_people := {
	"password.change",
	"email.verify",
	"email.change",
	"session.read",
	"session.end",
	"profile.update",
}

# What administrators do with others' accounts; people read and delete their own.
for_administrators := {"user.read", "user.update", "user.delete", "user.reset_password"}

# Accounts that are offered.
for_those_who_add_people := {"invitation.create", "invitation.read", "invitation.revoke"}

# --- everybody

# Whoever registers, and whoever registers them, makes a learner.
grants contains [{"field": "role", "op": "eq", "value": "learner"}] if {
	input.action == "user.register"
}

grants contains [] if input.action in for_everybody - {"user.register"}

grants contains [{"field": "audience", "op": "eq", "value": "public"}] if {
	input.action == "profile.read"
}

# --- people

grants contains [] if {
	is_person
	input.action in {"password.change", "email.verify", "email.change"}
}

grants contains [belongs_to_principal] if {
	is_person
	input.action in {"session.read", "session.end", "profile.read", "profile.update"}
}

grants contains [{"field": "audience", "op": "in", "value": ["public", "members"]}] if {
	is_person
	input.action == "profile.read"
}

grants contains [is_principal] if {
	is_person
	input.action in {"user.read", "user.delete"}
}

# --- a service that reports what instructors earn knows them as members do

grants contains [{"field": "audience", "op": "in", "value": ["public", "members"]}] if {
	input.principal.kind == "service"
	input.principal.id == "service:analytics"
	input.action == "profile.read"
}

# --- services that let people teach, or work with what others made, know who may, without addresses

grants contains [{"field": "role", "op": "in", "value": ["owner", "admin", "instructor"]}] if {
	input.principal.kind == "service"
	input.principal.id in {"service:course", "service:content"}
	input.action == "user.read"
}

# --- instructors see who learns, without addresses

grants contains [{"field": "role", "op": "eq", "value": "learner"}] if {
	"instructor" in input.principal.roles
	input.action == "user.read"
}

masks contains "email" if {
	input.action == "user.read"
	not administrates
	not writes_to_people
}

# --- administrators

grants contains [] if {
	administrates
	input.action in {"user.read", "profile.read"}
}

# Decided on the account before and after: an admin neither touches an owner nor makes one.
grants contains [{"field": "role", "op": "in", "value": ["admin", "instructor", "learner"]}] if {
	"admin" in input.principal.roles
	input.action in for_administrators
}

# Nobody offers a role above their own, or takes such an offer back.
grants contains [{"field": "role", "op": "in", "value": ["admin", "instructor", "learner"]}] if {
	"admin" in input.principal.roles
	input.action in {"invitation.create", "invitation.revoke"}
}

grants contains [] if {
	administrates
	input.action == "invitation.read"
}

grants contains [] if {
	owns
	input.action in (for_administrators | for_those_who_add_people) | {"signing_key.rotate"}
}

# --- what an academy says of itself

grants contains [] if {
	is_person
	"owner" in input.principal.roles
	input.action == "academy.update"
}

grants contains [] if {
	is_operator
	input.action == "academy.update"
}

# --- whoever runs the platform lets an owner in again

grants contains [] if {
	is_operator
	input.action == "password.set"
}

# --- the service that writes to people has to know where

grants contains [] if {
	writes_to_people
	input.action in {"user.read", "confirmation.issue"}
}

# --- the edge, which turns tokens into principals

grants contains [] if {
	input.principal.kind == "service"
	input.principal.id == "service:gateway"
	input.action == "session.resolve"
}

# ---

belongs_to_principal := {"field": "user_id", "op": "eq", "value": input.principal.id}

is_principal := {"field": "id", "op": "eq", "value": input.principal.id}

is_person if input.principal.kind == "user"

owns if "owner" in input.principal.roles

# Whoever runs the platform may do what an owner may.
owns if is_operator

is_operator if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}

writes_to_people if {
	input.principal.kind == "service"
	input.principal.id == "service:notification"
}

administrates if owns

administrates if "admin" in input.principal.roles
