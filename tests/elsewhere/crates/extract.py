"""Prints the program under "Embedding it in Rust" in a README."""

import re
import sys
from pathlib import Path

section = Path(sys.argv[1]).read_text().split("## Embedding it in Rust")[1]
sys.stdout.write(re.search(r"```rust,no_run\n(.*?)```", section, re.DOTALL)[1])
