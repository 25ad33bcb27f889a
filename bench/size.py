"""Prints how much there is to audit: lines of code per package, without comments, docstrings and blank lines."""

import ast
import io
import re
import tokenize
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
WHISTLE, BROWSER = TOP / "whistle", TOP / "browser" / "src"
KEYS = re.compile(r"\b(seal|unseal|open_file|unwrap|wrap|sign|verify|check_mac|open_payload|open_case_key|reveal)\(")
QUIET = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
    tokenize.ENCODING,
}


def lines_of(path: Path) -> int:
    """Lines that hold code."""
    source = path.read_text("utf-8")
    return len(python_lines(source)) if path.suffix == ".py" else script_lines(source)


def python_lines(source: str) -> set[int]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    held = {line for token in tokens if token.type not in QUIET for line in range(token.start[0], token.end[0] + 1)}
    return held - docstring_lines(ast.parse(source))


def docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, False
        ):
            text = node.body[0]
            found |= set(range(text.lineno, (text.end_lineno or text.lineno) + 1))
    return found


def script_lines(source: str) -> int:
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return sum(1 for line in bare.splitlines() if line.strip() and not line.strip().startswith("//"))


def total(paths: list[Path]) -> int:
    return sum(lines_of(path) for path in paths)


def main() -> None:
    aims = [
        ("protocol + sealing", [*WHISTLE.glob("protocol/*.py"), *WHISTLE.glob("sealing/*.py")], 1_200),
        ("a request through intake", request_path(), 1_500),
        ("all of whistle/", list(WHISTLE.rglob("*.py")), 6_000),
        ("our browser code", list(BROWSER.rglob("*.js")), 2_000),
    ]
    for package in sorted(path for path in WHISTLE.iterdir() if path.is_dir() and path.name != "__pycache__"):
        print(f"{total(list(package.glob('*.py'))):6}  {package.name}")
    for name, paths, budget in aims:
        past = f", past it by {total(paths) - budget}" if total(paths) > budget else ""
        print(f"{total(paths):6}  {name} (aim {budget}{past})")
    deciding = [path for path in sorted(WHISTLE.rglob("*.py")) if KEYS.search(path.read_text("utf-8"))]
    print("modules that decide something with a key:")
    print("\n".join(f"        {path.relative_to(TOP)}" for path in deciding))


def request_path() -> list[Path]:
    protocol = [WHISTLE / "protocol" / f"{name}.py" for name in ("constants", "envelope", "padme", "spelling", "wire")]
    return [
        *WHISTLE.glob("intake/*.py"),
        *WHISTLE.glob("web/*.py"),
        WHISTLE / "store/intake.py",
        WHISTLE / "store/writer.py",
        *protocol,
    ]


if __name__ == "__main__":
    main()
