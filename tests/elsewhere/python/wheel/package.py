"""What is in the package, what its page says, and that it has types."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import unified_ticketing

PROGRAM = os.environ["PROGRAM"]
README = Path(os.environ["README"])
MYPY = os.environ["MYPY"]
PYRIGHT = os.environ["PYRIGHT"]
PACKAGE = Path(unified_ticketing.__file__).parent


def example():
    """The first Python of the page."""
    return re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)[1]


def test_wheel_has_nothing_else():
    names = {file.name for file in PACKAGE.iterdir() if file.name != "__pycache__"}
    assert {"core.wasm", "py.typed", "__init__.py"} <= names, names
    assert all(name.endswith(".py") for name in names - {"core.wasm", "py.typed"}), names
    metadata = importlib.metadata.metadata("unified-ticketing")
    assert metadata["License-Expression"] == "Apache-2.0 WITH LLVM-exception"
    needs = importlib.metadata.requires("unified-ticketing")
    assert len(needs) == 1 and needs[0].startswith("wasmtime"), needs
    assert metadata.get_payload().strip() == README.read_text().strip()


def test_component_is_that_of_the_program():
    subprocess.run([PROGRAM, "component", "--core", "--out", "core.wasm"], check=True, capture_output=True)
    assert Path("core.wasm").read_bytes() == (PACKAGE / "core.wasm").read_bytes()


def test_example_of_the_page_creates_a_user():
    lines = [line for line in example().splitlines() if line.strip()]
    assert len(lines) <= 10, lines
    Path("example.py").write_text(example())
    with open("accounts.toml", "w") as accounts:
        command = [PROGRAM, "sandbox", "--listen", "127.0.0.1:0"]
        sandbox = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            text = ""
            for line in sandbox.stdout:
                text += line
                if line.startswith("credentials") and len(tomllib.loads(text)["account"]) == len(integrations()):
                    break
            accounts.write(text)
            accounts.flush()
            ran = [subprocess.run([sys.executable, "example.py"], capture_output=True, text=True, check=True) for _ in range(2)]
        finally:
            sandbox.terminate()
            sandbox.wait()
            sandbox.stdout.close()
    assert re.fullmatch(r"created \d+\n", ran[0].stdout), ran
    assert ran[1].stdout.startswith("provider-conflict rejected "), ran


def integrations():
    return unified_ticketing._component.runtime().integrations


def test_integrations_are_those_of_the_program():
    listed = subprocess.check_output([PROGRAM, "integrations", "--json"], text=True)
    assert {entry["name"] for entry in json.loads(listed)} == set(integrations())


def test_types_hold():
    Path("example.py").write_text(example())
    python = ["--python-executable", sys.executable]
    for name, command in (
        ("mypy --strict of the package", [MYPY, "--strict", *python, "--package", "unified_ticketing"]),
        ("mypy --strict of the example", [MYPY, "--strict", *python, "example.py"]),
        ("pyright of both", [PYRIGHT, "--pythonpath", sys.executable, str(PACKAGE), "example.py"]),
    ):
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        assert checked.returncode == 0, (name, checked.stdout, checked.stderr)
        yield name
    Path("wrong.py").write_text(example().replace('"name":', '"nam":'))
    checked = subprocess.run([MYPY, "--strict", *python, "wrong.py"], capture_output=True, text=True, check=False)
    assert 'Extra key "nam"' in checked.stdout, checked.stdout
    yield "a wrong key is found"
