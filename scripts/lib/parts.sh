# Programs besides Python's packages: the tests need a Chromium, a redis-server, an nginx, a haproxy, a caddy and an npm. Sourced by venv.sh.
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
    install_unstarted redis-server && return 0
    echo "No redis-server: the store's tests run on Valkey alone here (in CI they fail)." >&2
}

need_nginx() {
    PATH="$PATH:/usr/sbin" command -v nginx >/dev/null 2>&1 && return 0
    install_unstarted nginx-light && return 0
    install_unstarted nginx && return 0
    echo "No nginx: the test of its configuration fails." >&2
}

# A package of a server starts a service, which would hold port 80 and answer for nobody: for the time of an installation none is.
# Where somebody has a policy of their own, it stays.
install_unstarted() {
    policy=/usr/sbin/policy-rc.d
    [ -e "$policy" ] && { system_install "$@"; return; }
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $policy && chmod 755 $policy" 2>/dev/null || true
    system_install "$@" && installed=0 || installed=1
    as_root rm -f "$policy" 2>/dev/null || true
    return "$installed"
}

need_haproxy() {
    PATH="$PATH:/usr/sbin" command -v haproxy >/dev/null 2>&1 && return 0
    install_unstarted haproxy && return 0
    echo "No haproxy: the test of its configuration fails." >&2
}

need_caddy() {
    command -v caddy >/dev/null 2>&1 && return 0
    install_unstarted caddy && return 0
    echo "No caddy: the test of its configuration fails." >&2
}

need_npm() {
    command -v npm >/dev/null 2>&1 && return 0
    system_install npm && return 0
    echo "No npm: the test of the generated TypeScript fails." >&2
}
