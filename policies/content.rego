# Who may do what with files, pictures and content items.
package colonnade.services.content

actions contains action if some action in for_readers

actions contains action if some action in for_authors

# What a lesson shows may be read by whom the lesson is for.
for_readers := {"content.read", "file.read", "media.read"}

for_authors := {
	"content.create",
	"content.read",
	"content.update",
	"content.delete",
	"content.revise",
	"file.create",
	"file.read",
	"file.delete",
	"media.create",
	"media.read",
	"media.delete",
}

# --- everybody sees previews

grants contains [{
	"field": "id",
	"op": "related",
	"value": {"relation": "shown_to", "subject": "everybody"},
}] if {
	input.action in for_readers
}

# --- learners read what their courses show, teachers what theirs do

grants contains related_to_principal("enrolled") if {
	input.principal.kind == "user"
	input.action in for_readers
}

# Whoever lost the role teaches no longer, also where they are still on the list of a course.
grants contains related_to_principal("teaches") if {
	input.principal.kind == "user"
	"instructor" in input.principal.roles
	input.action in for_readers
}

# --- instructors, administrators and whoever runs the platform make it

grants contains [] if {
	is_author
	input.action in for_authors
}

# ---

related_to_principal(relation) := [{
	"field": "id",
	"op": "related",
	"value": {"relation": relation, "subject": input.principal.id},
}]

is_author if {
	input.principal.kind == "user"
	some role in input.principal.roles
	role in {"owner", "admin", "instructor"}
}

is_author if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
