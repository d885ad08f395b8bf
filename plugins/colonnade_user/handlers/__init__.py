"""Operation handlers of the user service, one module for each noun."""
