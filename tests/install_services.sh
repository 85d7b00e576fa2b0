#!/bin/sh
# Installs PostgreSQL and Redis for the tests on Debian, as root. The tests start servers of their own on free ports,
# so the system's services are neither started now nor at the next boot.
set -eu
policy=/usr/sbin/policy-rc.d
missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
# shellcheck disable=SC2086  # one word per package
apt-get install -y -qq --no-install-recommends $missing >/dev/null
if command -v systemctl >/dev/null; then
    # shellcheck disable=SC2086
    systemctl disable --quiet $missing 2>/dev/null || true
fi
