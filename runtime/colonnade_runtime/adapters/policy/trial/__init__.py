"""Trials of policies in a process of their own, before the runtime takes them."""
