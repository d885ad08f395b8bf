"""What people do: sign in, learn, make courses."""
