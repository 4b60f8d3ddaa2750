#!/bin/sh
# Make a virtual environment in $1. Debian splits the module's other half (ensurepip) into a package of its own.
set -eu
target=$1
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" -V 2>&1)" >&2
    exit 2
}
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print(f"python3.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && apt-get install -y -qq "$package"
    else
        echo "install the package $package first: sudo apt-get install $package" >&2
        exit 2
    fi
fi
"$python" -m venv "$target"
