#!/bin/sh
# Writes requirements/{runtime,test}.txt from pyproject.toml: every version pinned, every file by its hashes,
# no index address. Needs pip-tools; run it by hand after changing a dependency.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 - "$work" <<'PY'
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    project = tomllib.load(file)
runtime = project["project"]["dependencies"]
build = project["build-system"]["requires"]
test = project["dependency-groups"]["test"]
for name, rows in {"runtime": runtime + build, "test": runtime + build + test}.items():
    with open(f"{sys.argv[1]}/{name}.in", "w") as file:
        file.write("\n".join(rows) + "\n")
PY
compile() {
    env -u PIP_FIND_LINKS pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url \
        --no-emit-trusted-host --no-emit-find-links --no-header --no-annotate --allow-unsafe "$@"
}
compile --output-file requirements/test.txt "$work/test.in"
compile --constraint requirements/test.txt --output-file requirements/runtime.txt "$work/runtime.in"
