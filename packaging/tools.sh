# Sourced in this folder: the tools of requirements.txt, in build/.
if [[ ! -e build/installed || requirements.txt -nt build/installed ]]; then
    python3 -m venv build
    build/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
    touch build/installed
fi
