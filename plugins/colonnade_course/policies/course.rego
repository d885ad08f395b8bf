# Who may do what with courses, what is in them, and enrolments.
package colonnade.services.course

actions contains action if some action in for_everybody

actions contains action if some action in for_teachers_of_a_course

actions contains action if some action in for_teachers_inside_a_course

actions contains action if some action in for_learners

actions contains action if some action in for_sellers

actions contains "course.create"

# The catalogue: what is published is for everybody, visitors included.
for_everybody := {"course.read", "section.read", "lesson.read"}

for_teachers_of_a_course := {
	"course.read",
	"course.update",
	"course.delete",
	"course.publish",
	"course.assign",
	"course.arrange",
}

for_teachers_inside_a_course := {
	"section.create",
	"section.read",
	"section.update",
	"section.delete",
	"section.arrange",
	"lesson.create",
	"lesson.read",
	"lesson.update",
	"lesson.delete",
	"enrollment.read",
	"enrollment.end",
}

for_learners := {
	"enrollment.create",
	"enrollment.read",
	"enrollment.end",
	"enrollment.progress",
}

for_sellers := {
	"enrollment.reserve",
	"enrollment.activate",
	"enrollment.release",
	"enrollment.end",
}

# --- everybody

grants contains [{"field": "status", "op": "eq", "value": "published"}] if {
	input.action == "course.read"
}

grants contains [in_published_course] if {
	input.action in {"section.read", "lesson.read"}
}

# --- people learn for themselves

grants contains [is_own, in_published_course] if {
	is_person
	input.action == "enrollment.create"
}

grants contains [is_own] if {
	is_person
	input.action in for_learners - {"enrollment.create"}
}

# --- instructors make courses and change those they teach

grants contains [{"field": "created_by", "op": "eq", "value": input.principal.id}] if {
	instructs
	input.action == "course.create"
}

grants contains [teaches_it] if {
	instructs
	input.action in for_teachers_of_a_course
}

grants contains [teaches_its_course] if {
	instructs
	input.action in for_teachers_inside_a_course
}

# --- services that sell seats

grants contains [] if {
	input.principal.kind == "service"
	input.principal.id == "service:payment"
	input.action in for_sellers
}

# --- a service that reports on courses, drafts too

grants contains [] if {
	input.principal.kind == "service"
	input.principal.id == "service:analytics"
	input.action == "course.read"
}

# --- the service that writes to people names their courses, also those taken back to a draft

grants contains [] if {
	input.principal.kind == "service"
	input.principal.id == "service:notification"
	input.action == "course.read"
}

# --- administrators

grants contains [] if administrates

# ---

is_own := {"field": "user_id", "op": "eq", "value": input.principal.id}

in_published_course := {
	"field": "course_id",
	"op": "related",
	"value": {"relation": "course_status", "subject": "published"},
}

teaches_it := {"field": "id", "op": "related", "value": teaching}

teaches_its_course := {"field": "course_id", "op": "related", "value": teaching}

teaching := {"relation": "teaches", "subject": input.principal.id}

is_person if input.principal.kind == "user"

instructs if {
	is_person
	"instructor" in input.principal.roles
}

administrates if {
	some role in input.principal.roles
	role in {"owner", "admin"}
}

# Whoever runs the platform may do what an owner may.
administrates if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
