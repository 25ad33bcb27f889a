"""A long coverage-guided run over every parser, by hand: python tests/faults/long_fuzz.py PARSER -runs=1000000 -seed=1

Needs atheris, which no test does. What it finds becomes a vector.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import atheris

with atheris.instrument_imports(include=["whistle"]):
    from tests.faults.parsers import PARSERS


def main() -> None:
    name = sys.argv.pop(1)
    parser = next(each for each in PARSERS if each.name == name)
    corpus = Path("var") / "fuzz" / name.replace(" ", "-")
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(parser.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    atheris.Setup([*sys.argv, "-max_len=40000", str(corpus)], parser.try_on)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
