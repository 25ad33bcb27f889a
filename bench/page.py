"""What a browser gets for a complete page, before a file is chosen, in each language: static requests and bytes, compressed.

The report page has the budget; front page and mailbox are to compare. Everything is asked of a running demo, as a browser asks.
Usage: python bench/page.py
"""

import gzip
import sys
import tempfile
from pathlib import Path
from urllib.request import Request, urlopen

from playwright.sync_api import sync_playwright

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP))

from tests.conftest import CHROMIUM, start_demo, stop_demo  # noqa: E402 - found only from the top


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        program, demo = start_demo(Path(folder) / "demo")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        try:
            for page in ("", "mailbox", "report"):
                for language in ("da", "en"):
                    asked: list[str] = []
                    context = browser.new_context()
                    tab = context.new_page()
                    tab.on("request", lambda request, asked=asked: asked.append(request.url))
                    tab.goto(f"{demo.intake}/{language}/{page}", wait_until="networkidle")
                    context.close()
                    asked = [url for url in asked if not url.startswith("data:")]
                    sizes = {kind: sum(len(_bytes(url, kind)) for url in asked) for kind in ("br", "gzip", "identity")}
                    print(
                        f"{page or 'front'} {language}: {len(asked)} static requests, {sizes['br']:,} bytes Brotli, "
                        f"{sizes['gzip']:,} gzip, {sizes['identity']:,} plain"
                    )
        finally:
            browser.close()
            stop_demo(program)


def _bytes(url: str, encoding: str) -> bytes:
    with urlopen(Request(url, headers={"Accept-Encoding": encoding})) as answer:
        body: bytes = answer.read()
        assert encoding != "gzip" or gzip.decompress(body)
        return body


if __name__ == "__main__":
    main()
