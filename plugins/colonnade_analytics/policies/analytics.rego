# Who may see numbers, ask for reports, and send events.
package colonnade.services.analytics

actions contains action if some action in for_people

actions contains action if some action in for_teachers

# What somebody did themself: they send it, and they may see that it was kept.
for_people := {"client_event.create", "client_event.read"}

for_teachers := {
	"metric.read",
	"report_kind.read",
	"report.create",
	"report.read",
	"report.delete",
}

# --- people

grants contains [{"field": "user_id", "op": "eq", "value": input.principal.id}] if {
	is_person
	input.action in for_people
}

# --- instructors see what belongs to the courses they teach, and the reports they asked for

grants contains [{
	"field": "course_id",
	"op": "related",
	"value": {"relation": "teaches", "subject": input.principal.id},
}] if {
	instructs
	input.action in {"metric.read", "report.create"}
}

grants contains [{"field": "requested_by", "op": "eq", "value": input.principal.id}] if {
	instructs
	input.action in {"report.read", "report.delete"}
}

grants contains [] if {
	instructs
	input.action == "report_kind.read"
}

# --- administrators see everything, except what somebody sent of themself

grants contains [] if {
	administrates
	input.action in for_teachers
}

# ---

is_person if input.principal.kind == "user"

instructs if {
	is_person
	"instructor" in input.principal.roles
}

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
