# Every task of the project. `./just` lists them, and runs them where `just` is
# not installed. What a task needs and the machine lacks is installed below
# .tools/ first (the toolchain's own parts with rustup).

set shell := ["bash", "tools/in-env"]
set positional-arguments

export PATH := justfile_directory() / ".tools/bin" + ":" + env("PATH") + ":" + env("CARGO_HOME", env("HOME", "") / ".cargo") / "bin"
export JUST := just_executable()

# The suite looks for guests, and `run` for the command, below their workspaces.
unexport CARGO_TARGET_DIR

guest_target := "wasm32-wasip2"

# Always the whole workspace, and a choice of targets: cargo turns on the features that
# the chosen packages ask for, and another choice would compile the engine once more.
host := "--workspace"
# The one package that runs where guests are made, not in them.
guests := "--workspace --exclude spakky-componentize"

# list the tasks
[private]
default:
    @"$JUST" --justfile {{ quote(justfile()) }} --list --unsorted

# install what is missing: toolchain, guests' target, redis-server
setup: _rust _wasm _redis

# start a cache and run the example on it, in other languages: demo python, demo go c
demo *languages="rust": setup _command (_stats languages)
    @guest/examples/demo "$@"

# build a small example and run it on the embedded store: example python tags
[no-exit-message]
example language name *args: _wasm _componentize
    @tools/example run "$@"

# make a small project that uses the cache: new python hello
[no-exit-message]
new *args:
    @cd {{ quote(invocation_directory()) }} && {{ quote(justfile_directory() / "tools/new") }} "$@"

# everything that must hold, cheap failures first; ends with the number of tests
test:
    @tools/test fmt-check deny check-mutants guests check-guests test-guest test-guests clippy test-unit test-doc test-suite doc

# build the host's command and the guests, those in Rust and those in the languages named
build *languages: (guests languages) _command

# build the guests, as components: in all languages, or in Rust and those named
guests *languages: _wasm _componentize
    cd guest && cargo build {{ guests }} --release --target {{ guest_target }} --target-dir target
    @tools/languages build {{ languages }}

# run the command spakky-redis with these arguments
run *args: _rust
    @cargo build --quiet {{ host }} --bin spakky-redis
    @cd {{ quote(invocation_directory()) }} && {{ quote(justfile_directory() / "target/debug/spakky-redis") }} "$@"

# unit tests of the host's crates
test-unit *args: _rust
    cargo test --no-fail-fast {{ host }} --lib --bins -- "$@"

# examples in the host's documentation
test-doc: _rust _redis
    cargo test --no-fail-fast {{ host }} --doc

# what every store must do, the guarantees, and the host-guest suite
test-suite *args: build _redis
    cargo build {{ host }} --example embed --example redis
    cargo test --no-fail-fast {{ host }} --test '*' -- "$@"

# of the suite, what every store must do, the guarantees, and failures of Redis
test-stores *args: _rust _redis
    cargo test --no-fail-fast {{ host }} --test contract --test 'redis_*' --test 'spakky_*' --test 'network_*' --test storms -- "$@"

# of the suite, the scenarios: each in every language and on every store
test-scenarios *args: guests _redis
    cargo test --no-fail-fast {{ host }} --test scenarios -- "$@"

# formatting, lints and types of the guest libraries in other languages than Rust
check-guests *languages: _componentize
    @tools/languages check {{ languages }}

# unit tests of the guest libraries in other languages than Rust
test-guests *languages: _componentize
    @tools/languages test {{ languages }}

# tests of what is in the workspace of guests: library for Rust, macros, player, example
test-guest *args: _wasm
    cd guest && cargo test --no-fail-fast --workspace --exclude observed-guest --target-dir target -- "$@"

# measure the cache beside the redis crate; the guests' languages beside Rust: bench guests
bench *args: _rust _redis
    @if [[ ${1-} == guests ]]; then "$JUST" --justfile {{ quote(justfile()) }} guests; fi
    @cargo build --quiet {{ host }} --bins
    @target/debug/spakky-bench "$@"

# prove the guarantees at full size: all of them (an hour), or those named
prove *args: _wasm _redis
    @tools/prove "$@"

# fuzz the decoder of entries, the handling of replies, the contract's inputs
fuzz *args: _rust
    @tools/fuzz "$@"

# break the code on purpose, one place at a time, and see which test notices
mutants *args: _rust _redis
    @tools/mutants "$@"

[private]
check-mutants:
    @tools/mutants --check

# licenses, banned crates and sources of all dependencies
deny: _rust
    @tools/setup-deny
    cargo-deny --locked --config deny.toml check --hide-inclusion-graph licenses bans sources
    cargo-deny --locked --config deny.toml --manifest-path guest/Cargo.toml check --hide-inclusion-graph licenses bans sources

# format all Rust code
fmt: _rust
    cargo fmt --all
    cd guest && cargo fmt --all

# fail if code is not formatted
fmt-check: _rust
    cargo fmt --all --check
    cd guest && cargo fmt --all --check

# lint host and guests; a warning is a failure
clippy: _wasm
    cd guest && cargo clippy {{ guests }} --target {{ guest_target }} --target-dir target -- -D warnings
    cd guest && cargo clippy --workspace --exclude observed-guest --all-targets --target-dir target -- -D warnings
    cargo clippy {{ host }} --all-targets -- -D warnings

# build the documentation; a warning is a failure
doc: _wasm
    cd guest && RUSTDOCFLAGS="-D warnings" cargo doc {{ guests }} --no-deps --target {{ guest_target }} --target-dir target
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# delete what was built; what was installed stays
clean:
    rm -rf target guest/target

_command: _rust
    cargo build {{ host }} --bin spakky-redis

# Of the guests, only the program that the demonstration runs.
_stats *languages: _wasm
    cd guest && cargo build {{ guests }} --bin stats-rust --release --target {{ guest_target }} --target-dir target
    @tools/languages stats {{ languages }}

_rust:
    @tools/setup-rust

_wasm: _rust
    @tools/setup-wasm

# What the builds of C and Go end with, and what makes their bindings.
_componentize: _rust
    @cd guest && cargo build --quiet -p spakky-componentize --target-dir target

_redis:
    @tools/setup-redis
