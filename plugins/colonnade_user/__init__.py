"""The user service: accounts, sessions, tokens and profiles of one academy."""
