# The project's Python environment: found, made and kept current by the scripts, never by hand.
#
# Rules: sourced by POSIX sh scripts that have done `cd` to the project's folder; needs nothing but a Python >= 3.11 with
# venv; asks nothing; as root or not; what is current costs one file comparison a file and no process of pip's.

. scripts/lib/parts.sh

# A version manager's shim answers to a name and may have nothing behind it, depending on .python-version. So each candidate
# is run before it is believed, and the system's own comes last.
try_pythons() {
    for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11 python /usr/bin/python3 /usr/local/bin/python3; do
        [ -n "$candidate" ] || continue
        found=$("$candidate" -c 'import sys, venv, ensurepip; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null) || continue
        [ -n "$found" ] || continue
        echo "$found"
        return 0
    done
    return 1
}

find_python() {
    try_pythons && return 0
    # Debian packs Python without its venv module.
    system_install python3-venv >&2 && try_pythons && return 0
    echo "Lectern needs Python 3.11 or later with its venv module (on Debian: apt-get install python3-venv)." >&2
    return 1
}

# install_requirements FILE...: makes .venv if it is missing or broken, and installs each file unless that very text is installed.
install_requirements() {
    missing=
    [ -x .venv/bin/python ] || missing=yes
    for file in "$@"; do
        cmp -s "$file" ".venv/installed/$file" || missing=yes
    done
    [ -n "$missing" ] || return 0

    # Two scripts started together must not install into one folder at once; where flock is missing they may, as before.
    if [ -z "${LECTERN_VENV_LOCKED:-}" ] && command -v flock >/dev/null 2>&1; then
        mkdir -p var
        LECTERN_VENV_LOCKED=yes flock var/venv.lock sh -eu -c '. scripts/lib/venv.sh; install_requirements "$@"' sh "$@"
        return
    fi

    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        python=$(find_python) || return 1
        rm -rf .venv
        echo "Making .venv with $("$python" --version) ..." >&2
        "$python" -m venv .venv || return 1
    fi
    for file in "$@"; do
        cmp -s "$file" ".venv/installed/$file" && continue
        echo "Installing $file ..." >&2
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$file" >&2 || return 1
        mkdir -p .venv/installed
        cp "$file" ".venv/installed/$file"
    done
}
