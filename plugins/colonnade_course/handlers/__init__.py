"""Operation handlers of the course service, one module for each noun."""
