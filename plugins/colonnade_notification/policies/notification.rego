# Who may do what with notifications, the ways they take, and their words.
package colonnade.services.notification

actions contains action if some action in for_people

actions contains action if some action in for_administrators

actions contains action if some action in for_whoever_has_the_link

# What people do with what is their own.
for_people := {
	"notification.read",
	"notification.mark",
	"notification_preference.read",
	"notification_preference.update",
	"push_key.read",
	"push_subscription.create",
	"push_subscription.read",
	"push_subscription.delete",
}

# What those do who run the academy.
for_administrators := {
	"template.read",
	"template.update",
	"delivery.read",
	"delivery.retry",
	"suppression.read",
	"suppression.delete",
}

# The link in a mail is signed, and is all it takes (RFC 8058).
for_whoever_has_the_link := {"subscription.describe", "subscription.end"}

# --- people

grants contains [belongs_to_principal] if {
	is_person
	input.action in for_people - {"push_key.read"}
}

grants contains [] if {
	is_person
	input.action == "push_key.read"
}

# --- whoever has the link

grants contains [] if input.action in for_whoever_has_the_link

# --- administrators

grants contains [] if {
	administrates
	input.action in for_administrators
}

# ---

belongs_to_principal := {"field": "user_id", "op": "eq", "value": input.principal.id}

is_person if input.principal.kind == "user"

administrates if {
	is_person
	some role in input.principal.roles
	role in {"owner", "admin"}
}

# Whoever runs the platform may do what an owner may.
administrates if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
