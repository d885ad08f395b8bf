# Who may do what with accounts and profiles.
package colonnade.services.user

actions contains action if some action in public

actions contains action if some action in personal

actions contains action if some action in administrative

# Without an account: becoming somebody.
public := {"user.register", "user.login", "user.refresh"}

# With an account: what is one's own.
personal := {"user.logout", "user.read", "profile.read", "profile.update"}

# What administrators do with anybody's account.
administrative := {"user.list", "user.update", "user.delete"}

grants contains [] if input.action in public

grants contains [own] if {
	input.principal.kind in {"user", "api_key"}
	input.action in personal
}

grants contains [] if {
	is_administrator
	input.action in (personal | administrative)
}

# A list of users is for everybody; what an ordinary principal finds in it is themselves.
grants contains [own] if {
	input.principal.kind in {"user", "api_key"}
	input.action == "user.list"
}

own := {"field": "id", "op": "eq", "value": input.principal.id}

# Nobody but an owner touches an owner's account.
deny contains [{"field": "role", "op": "eq", "value": "owner"}] if {
	input.action in (administrative - {"user.list"})
	not "owner" in input.principal.roles
}

is_administrator if {
	some role in input.principal.roles
	role in {"owner", "admin"}
}
