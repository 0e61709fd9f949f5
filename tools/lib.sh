# shellcheck shell=bash
# What the scripts of this directory share. Each starts by sourcing it.

root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
own=$root/.tools

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# fail WHAT [WHAT-TO-DO...]
fail() {
    say "$1"
    shift
    (($# == 0)) || printf '  %s\n' "$@" >&2
    exit 1
}

# at_least VERSION MINIMUM
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$2" ]]; }

# Waits for other runs that install something, so that what they leave can be
# used, and sets `scratch` to a directory that goes when the script does. It is
# beside the destination: one rename puts there what was made in it, whole or not
# at all.
begin_install() {
    mkdir -p "$own/bin"
    if command -v flock >/dev/null; then
        exec 9>"$own/lock"
        flock --nonblock 9 || {
            say "waiting for another run that installs something"
            flock 9
        }
    fi
    # Left behind by a run that was killed.
    find "$own" -maxdepth 1 -name 'tmp.*' -mmin +120 -exec rm -rf {} +
    scratch=$(mktemp -d "$own/tmp.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
}

# apt_init [SOURCES.LIST]: `apt` then works on lists and a cache of its own. It
# needs no root, installs nothing, and leaves the system's configuration alone
# but reads it: the machine's own mirrors and proxies are what works here.
# shellcheck disable=SC2120 # the argument is optional
apt_init() {
    apt_dir=$scratch/apt
    mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
    {
        printf 'Dir::State::lists "%s";\n' "$apt_dir/lists"
        printf 'Dir::Cache "%s";\n' "$apt_dir/cache"
        if (($#)); then
            printf 'Dir::Etc::sourcelist "%s";\n' "$1"
            printf 'Dir::Etc::sourceparts "-";\n'
        fi
        # The user that apt would drop to cannot write here.
        printf 'APT::Sandbox::User "";\n'
        # The system's hooks are about the system's lists.
        printf '#clear APT::Update::Post-Invoke;\n'
        printf '#clear APT::Update::Post-Invoke-Success;\n'
        printf 'Acquire::Languages "none";\n'
        printf 'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";\n'
        printf 'Acquire::Retries "2";\n'
    } >"$apt_dir/apt.conf"
    # apt calls it a success when nothing could be downloaded, and rightly does so
    # when a source that is none of our business is down.
    { apt get update >"$apt_dir/log" 2>&1 && compgen -G "$apt_dir/lists/*_Packages*" >/dev/null; } || {
        sed 's/^/  /' "$apt_dir/log" >&2
        return 1
    }
}

# apt get ..., apt cache ...
apt() { "apt-$1" -qq -c "$apt_dir/apt.conf" "${@:2}"; }

# apt_unpack DIRECTORY PACKAGE[=VERSION]...
apt_unpack() {
    local deb
    mkdir -p "$apt_dir/debs" "$1"
    (cd "$apt_dir/debs" && apt get download "${@:2}" >"$apt_dir/log" 2>&1) || {
        sed 's/^/  /' "$apt_dir/log" >&2
        return 1
    }
    for deb in "$apt_dir/debs"/*.deb; do
        dpkg-deb -x "$deb" "$1" || return 1
        rm "$deb"
    done
}

# pip_into DIRECTORY PACKAGE==VERSION...: unpacks packages of PyPI, and nothing that they
# ask for. Needs python3, and `scratch`; what pip says is for a log.
pip_into() {
    local python=python3
    # A pip that is told to install elsewhere, or only into an environment of its
    # choice, would refuse --target.
    local -x PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv "$scratch/venv" || return 1
        python=$scratch/venv/bin/python
    fi
    "$python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
        --only-binary :all: --retries 2 --target "$1" "${@:2}"
}

# componentize ARGUMENT...: spakky-componentize, which is built where it is missing.
componentize() {
    local program=$root/guest/target/debug/spakky-componentize
    [[ -x $program ]] ||
        (cd "$root/guest" && cargo build --quiet --package spakky-componentize --target-dir target)
    "$program" "$@"
}

# Beside a component stands what it was made of, as Cargo writes it for its own:
# `COMPONENT: SOURCE SOURCE...`, with `\ ` for a space.

# is_fresh COMPONENT: whether it is there, and nothing that it was made of is newer.
is_fresh() {
    local source list=${1%.wasm}.d
    [[ -f $1 && -f $list ]] || return 1
    while IFS= read -r source; do
        [[ -e $source && ! $source -nt $1 ]] || return 1
    done < <(sed 's/^[^:]*: //; s/\\ /\x01/g; s/ /\n/g; s/\x01/ /g' "$list")
}

# made_of COMPONENT PATH...: notes that. Of a directory, all that is below it: a
# directory changes with the names in it. The one that the component itself is put
# into does so, too, and so is left out.
made_of() {
    local component=$1 name=${1##*/}
    shift
    {
        printf '%s:' "${component// /\\ }"
        find "$@" \( -name __pycache__ -o -name node_modules -o -name "$name" -o -name "${name%.wasm}.d" \) -prune \
            -o \( -type f -o -type d ! -samefile "$(dirname "$component")" \) -print |
            sed 's/ /\\ /g; s/^/ /' | tr -d '\n'
        echo
    } >"${component%.wasm}.d"
}

# place_component MADE COMPONENT BEGUN SOURCE...: puts in its place what was made of the
# sources since BEGUN (an EPOCHREALTIME), and says how long that took.
place_component() {
    local made=$1 component=$2 begun=$3 tenths
    shift 3
    # As old as its sources were read: what changes meanwhile is newer.
    touch -d "@${begun/,/.}" "$made"
    made_of "$component" "$@"
    # From beside the destination, one rename puts it there, whole.
    mv "$made" "$component.$$"
    mv -f "$component.$$" "$component"
    tenths=$(((${EPOCHREALTIME/[.,]/} - ${begun/[.,]/}) / 100000))
    say "$component ($((tenths / 10)).$((tenths % 10)) s)"
}
