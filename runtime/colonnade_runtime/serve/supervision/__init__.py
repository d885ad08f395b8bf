"""`colonnade up`: the processes of one platform as children of one that watches over them."""
