"""The life of one process: started in stages, reloaded, stopped."""
