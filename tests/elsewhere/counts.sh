# Sourced: counts of what has passed and failed.
passed=0
failed=0

# Runs a command as a check, counts it, and prints its name.
check() {
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
  fi
}

# Runs a command, shows it, and counts what its last line says.
counted() {
  local log
  log=$(mktemp)
  "$@" | tee "$log" || true
  if [[ $(tail -n 1 "$log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2]))
  else
    echo "$*: ended without counts" >&2
    failed=$((failed + 1))
  fi
  rm "$log"
}

# Prints the counts, and fails if anything has.
counts() {
  echo "$passed passed, $failed failed"
  [[ $failed -eq 0 ]]
}
