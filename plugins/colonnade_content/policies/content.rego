# Who may do what with files, pictures and content items.
package colonnade.services.content

actions contains action if some action in for_readers

actions contains action if some action in for_authors

actions contains action if some action in for_makers

# What a lesson shows may be read by whom the lesson is for.
for_readers := {"content.read", "file.read", "media.read"}

# What instructors do with what is theirs, what they teach, and what is shared with them. To
# publish is to let a lesson show it, or a content item that a lesson shows.
for_authors := {
	"content.read",
	"content.update",
	"content.revise",
	"content.publish",
	"file.read",
	"file.publish",
	"media.read",
	"media.publish",
}

# What only whoever made it does.
for_makers := {
	"content.create",
	"content.delete",
	"content.share",
	"file.create",
	"file.delete",
	"media.create",
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

# --- learners read what their courses show

grants contains related_to_principal("enrolled") if {
	input.principal.kind == "user"
	input.action in for_readers
}

# --- instructors: their own, what their courses show, what is shared with them
# Whoever lost the role teaches no longer, also where they are still on the list of a course.

grants contains [{"field": maker, "op": "eq", "value": input.principal.id}] if {
	instructs
	input.action in for_authors | for_makers
	maker := made_by[split(input.action, ".")[0]]
}

grants contains related_to_principal(relation) if {
	instructs
	input.action in for_authors
	some relation in {"teaches", "shared_with"}
}

# --- administrators and whoever runs the platform

grants contains [] if {
	administrates
	input.action in for_authors | for_makers
}

# ---

related_to_principal(relation) := [{
	"field": "id",
	"op": "related",
	"value": {"relation": relation, "subject": input.principal.id},
}]

made_by := {"content": "created_by", "file": "uploaded_by", "media": "created_by"}

instructs if {
	input.principal.kind == "user"
	"instructor" in input.principal.roles
}

administrates if {
	input.principal.kind == "user"
	some role in input.principal.roles
	role in {"owner", "admin"}
}

administrates if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
