"""Compare hwlint's static estimates for Ethos-U with what Arm's compiler says of the same modules.

    python benchmarks/ethos_u.py [--set judge]            # needs no compiler: reads results/ethos_u

The compiler's figures are made, in an environment of their own, by

    python -m venv ENV
    ENV/bin/pip install torch==2.13.0 executorch==1.5.1 tosa-tools==2026.8.0 ethos-u-vela==5.2.0
    python benchmarks/ethos_u.py --compile --python ENV/bin/python [--set judge]

The cost model was made with the set "fit" in view and is judged on the set "judge", whose shapes
were drawn with another seed. Cycles are the compiler's own estimates, not silicon.
"""

import argparse
from pathlib import Path

from _ethos_u_raw import SETS, compile_set


def main() -> None:
    """Compile or compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=SETS, default="judge")
    parser.add_argument("--compile", action="store_true", help="run the compiler")
    parser.add_argument("--python", type=Path, help="interpreter that has the compiler")
    options = parser.parse_args()
    if options.compile:
        compile_set(options.set, options.python)


if __name__ == "__main__":
    main()
