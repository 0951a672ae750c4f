"""The command line of the benchmarks: python -m benchmarks quality | speed | scale | report."""

import sys
from importlib import import_module

COMMANDS = {
    "quality": "is the answer in what a person reads? DATA in SQuAD's format or as rows",
    "speed": "start, answer, index; memory and disk",
    "scale": "from 1,000 passages to 1,000,000",
    "report": "tables and plots of what the others wrote",
}


def main(argv: list[str]) -> int:
    """Run one benchmark and return its exit code."""
    if not argv or argv[0] not in COMMANDS:
        print("usage: python -m benchmarks COMMAND ... (each has --help)")
        for name, about in COMMANDS.items():
            print(f"  {name:8} {about}")
        return 0 if argv[:1] in (["-h"], ["--help"]) else 2
    import_module(f"benchmarks.{argv[0]}").main(argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
