"""Photos as the browser's own tests make them: tiny real pictures, and the same with everything planted around them."""

import json
import subprocess
from base64 import b64decode
from functools import cache

from tests.conftest import TOP
from tests.sealing.conftest import node

PRINT = """
const { pictures, planted } = await import('./tests/js/photos.js');
const spelled = (all) => Object.fromEntries(Object.entries(all).map(([name, bytes]) => [name, bytes.toString('base64')]));
console.log(JSON.stringify([spelled(pictures), spelled(planted)]));
"""


@cache
def _made() -> tuple[dict[str, bytes], dict[str, bytes]]:
    command = [node(), "--input-type=module", "-e", PRINT]
    printed = subprocess.run(command, cwd=TOP, capture_output=True, check=True, text=True).stdout
    pictures, planted = ({name: b64decode(text) for name, text in each.items()} for each in json.loads(printed))
    return pictures, planted


def picture(name: str) -> bytes:
    return _made()[0][name]


def planted(name: str) -> bytes:
    return _made()[1][name]
