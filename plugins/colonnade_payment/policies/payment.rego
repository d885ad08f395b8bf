# Who may do what with payments, the ledger, payouts and coupons.
package colonnade.services.payment

actions contains action if some action in for_buyers

actions contains action if some action in for_earners

actions contains action if some action in for_bookkeepers

actions contains "webhook.receive"

for_buyers := {"payment.create", "payment.read", "payment.cancel"}

for_earners := {"balance.read", "payout.create", "payout.read"}

for_bookkeepers := {
	"payment.refund",
	"transaction.read",
	"payout.approve",
	"payout.pay",
	"coupon.create",
	"coupon.read",
	"coupon.delete",
}

# --- people buy for themselves

grants contains [{"field": "user_id", "op": "eq", "value": input.principal.id}] if {
	is_person
	input.action in for_buyers
}

# --- instructors see and claim what they earned, also after they stopped teaching

grants contains [{"field": "user_id", "op": "eq", "value": input.principal.id}] if {
	is_person
	input.action == "balance.read"
}

grants contains [{"field": "instructor_id", "op": "eq", "value": input.principal.id}] if {
	is_person
	input.action in {"payout.create", "payout.read"}
}

# --- payment providers say who they are by their signature

grants contains [] if input.action == "webhook.receive"

# --- administrators keep the books

grants contains [] if {
	administrates
	input.action != "payout.create"
}

# --- nobody takes a step of their own payout, whatever else they are; they ask for it and see it

deny contains [{"field": "instructor_id", "op": "eq", "value": input.principal.id}] if {
	input.action in {"payout.approve", "payout.pay"}
}

# ---

is_person if input.principal.kind == "user"

administrates if {
	some role in input.principal.roles
	role in {"owner", "admin"}
}

# Whoever runs the platform may do what an owner may.
administrates if {
	input.principal.kind == "service"
	input.principal.id == "service:operator"
}
