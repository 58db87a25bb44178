"""The tests of the wheel."""

import arguments
import bounds
import faults
import harness
import package
import redaction

harness.run([package, arguments, bounds, faults, redaction])
