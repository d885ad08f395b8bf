"""The command `colonnade`, also as `python -m colonnade_runtime`."""

from colonnade_runtime.serve.memory import put_off_collection

# Before the imports, since they make most of what a short command ever makes.
put_off_collection()

from colonnade_runtime.cli import main  # noqa: E402

if __name__ == "__main__":
    main(prog_name="colonnade")
