"""Serves the standalone component with stock `wasmtime serve`, and makes every call over HTTP."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
import http_api  # noqa: E402

VARIABLE = "UNIFIED_TICKETING_ACCOUNTS_JSON"


def serve(wasmtime, component, accounts):
    """Starts the server. Returns it and its port. It listens on loopback: the component does not authenticate its clients."""
    # `--env NAME` takes the value from the environment, so that no credential is in the list of processes.
    command = [wasmtime, "serve", "-Scli", "--addr", "127.0.0.1:0", "--env", VARIABLE, component]
    environment = {**os.environ, VARIABLE: json.dumps({"account": accounts})}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    log = []
    for line in server.stderr:
        log.append(line)
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
            return server, int(found[1])
    raise SystemExit(f"wasmtime did not start: {''.join(log)}")


def main():
    component, wasmtime = sys.argv[1:]
    inputs = json.load(sys.stdin)
    server, port = serve(wasmtime, component, inputs["accounts"])
    try:
        json.dump(http_api.make(port, inputs["calls"], inputs["accounts"]), sys.stdout)
    finally:
        server.terminate()
        server.wait()


main()
