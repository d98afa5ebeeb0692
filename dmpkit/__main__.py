"""``python -m dmpkit``: the same commands as ``dmpkit``."""

from dmpkit.cli import main

if __name__ == "__main__":
    main(prog_name="dmpkit")
