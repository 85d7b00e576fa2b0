#!/bin/sh
# Installs PostgreSQL, Redis and Chromium for the tests on Debian, as root; what is there already is left alone. The tests
# start servers of their own on free ports, so the system's services are neither started now nor at the next boot.
set -eu
policy=/usr/sbin/policy-rc.d
missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
services=$missing
# A page's text needs one font at least to have a width; the browser brings none.
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    missing="$missing chromium fonts-dejavu-core"
[ -n "$missing" ] || exit 0
if [ "${1:-}" = --list ]; then
    echo "$missing"
    exit 0
fi

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
# shellcheck disable=SC2086  # one word per package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
if [ -n "$services" ] && command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086
    systemctl disable --quiet $services 2>/dev/null || true
fi
