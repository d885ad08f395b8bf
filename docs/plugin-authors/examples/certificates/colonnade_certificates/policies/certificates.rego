# Who may do what with certificates.
package colonnade.services.certificates

actions contains action if some action in {"certificate.read", "certificate.show", "certificate.revoke"}

# --- whoever has the link reads what a certificate says

grants contains [] if input.action == "certificate.show"

# --- people read their own

grants contains [{"field": "user_id", "op": "eq", "value": input.principal.id}] if {
	input.principal.kind == "user"
	input.action == "certificate.read"
}

# --- administrators, and whoever runs the platform, read and revoke all

grants contains [] if {
	is_administrator
	input.action in {"certificate.read", "certificate.revoke"}
}

is_administrator if {
	input.principal.kind == "user"
	some role in input.principal.roles
	role in {"owner", "admin"}
}

is_administrator if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
