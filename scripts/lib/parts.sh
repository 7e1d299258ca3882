# Programs besides Python's packages: the tests need a Chromium, a redis-server and an nginx. Sourced by venv.sh.
#
# Rules: what is there is used; what is missing is installed from the system's packages where that needs no password; only
# a browser may, as a last resort, be Playwright's own. What still is missing is said here and fails where it is needed.

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

system_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    echo "Installing $* from the system's packages ..." >&2
    # The lists may be older than the packages that the mirror still holds: refresh them before giving up.
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 && return 0
    as_root apt-get update -qq >/dev/null 2>&1 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

have_chromium() {
    [ -n "${CHROMIUM:-}" ] && return 0
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        command -v "$name" >/dev/null 2>&1 && return 0
    done
    return 1
}

need_chromium() {
    have_chromium && return 0
    system_install chromium fonts-dejavu-core && have_chromium && return 0
    echo "Fetching Playwright's Chromium ..." >&2
    .venv/bin/python -m playwright install chromium >&2 && return 0
    echo "No Chromium: name one in CHROMIUM, or install one; the browser tests will fail." >&2
}

need_redis() {
    command -v redis-server >/dev/null 2>&1 && return 0
    system_install redis-server && return 0
    echo "No redis-server: the store's tests run on Valkey alone here (in CI they fail)." >&2
}

need_nginx() {
    PATH="$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1 && return 0
    system_install nginx-light && return 0
    system_install nginx && return 0
    echo "No nginx: the test of its configuration fails." >&2
}
