"""Payment providers: the enabled ones, asked within a deadline, and webhook signatures."""
