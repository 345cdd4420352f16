"""Entry point of the development tool; `dev/run` starts it with a fitting Python."""

import sys

from ground.cli import main

sys.exit(main(sys.argv[1:]))
