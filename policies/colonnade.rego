# The one entry point: every decision of the platform is `data.colonnade.decision`.
#
# It gathers what the packages below `colonnade.services` say, one package per service or plugin,
# and narrows it by the tenant's own data. Adding a service adds a file; nothing here changes.
package colonnade

decision := {
	"grants": grants,
	"deny": deny,
	"masks": masks,
	"expires_at": expires_at,
}

# What the policies have an opinion on. An operation whose action is not here does not start.
actions contains action if {
	some name
	some action in data.colonnade.services[name].actions
}

# Only a package that declares the action may grant it.
grants contains grant if {
	some name in granting
	some grant in data.colonnade.services[name].grants
}

# Narrowing is open to every package, and to the tenant.
deny contains conditions if {
	some name in narrowing
	some conditions in data.colonnade.services[name].deny
}

deny contains object.get(rule, "when", []) if {
	some rule in input.tenant_data.deny
	rule.action in {input.action, "*"}
	concerns_principal(rule)
}

deny contains [] if {
	input.tenant.status == "suspended"
	input.principal.kind != "service"
}

masks contains field if {
	some name in narrowing
	some field in data.colonnade.services[name].masks
}

# The earliest counts.
expires_at contains time if {
	some name in narrowing
	some time in data.colonnade.services[name].expires_at
}

# Where to look. The platform says it with every question, so that an answer costs what the few
# packages cost that matter and not what all of them do; `opa test` does not, and looks everywhere.
granting contains name if some name in input.packages.granting

granting contains name if {
	not input.packages
	some name, _ in data.colonnade.services
	input.action in data.colonnade.services[name].actions
}

narrowing contains name if some name in input.packages.narrowing

narrowing contains name if {
	not input.packages
	some name, _ in data.colonnade.services
}

# A deny that names no roles concerns everybody.
concerns_principal(rule) if not is_array(object.get(rule, "roles", null))

concerns_principal(rule) if {
	some role in rule.roles
	role in input.principal.roles
}
