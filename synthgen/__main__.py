"""``python -m synthgen``."""

from synthgen.cli.main import main

if __name__ == "__main__":
    main()
