"""`python -m colonnade_runtime`: the same as `colonnade`."""

from colonnade_runtime.cli import main

if __name__ == "__main__":
    main(prog_name="colonnade")
