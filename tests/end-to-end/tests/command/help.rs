//! The command explains itself.

use spakky_end_to_end::command::spakky;

#[test]
fn every_help_has_examples() {
    for command in [&[][..], &["run"], &["health"], &["info"], &["sweep"]] {
        let ended = spakky(command).args(["--help"]).finish();
        ended.code(0).lines(0);
        for part in ["Usage: spakky-redis", "Examples:\n  spakky-redis "] {
            assert!(ended.output.contains(part), "expected {part:?}\n{}", ended.all());
        }
        if !command.is_empty() {
            let text = &ended.output;
            assert!(text.contains("Exit codes:") || text.contains("Exit codes "), "{text}");
        }
    }
}

#[test]
fn the_help_lists_the_variables() {
    let ended = spakky(["--help"]).finish();
    for part in [
        "SPAKKY_REDIS__HOST",
        "__PORT",
        "__DB",
        "__USERNAME",
        "__PASSWORD",
        "__USE_SSL",
        "__KEY_PREFIX",
        "__SOCKET_TIMEOUT",
        "SPAKKY_ACTUATOR_INCLUDE_DETAILS",
    ] {
        assert!(ended.code(0).output.contains(part), "expected {part}\n{}", ended.all());
    }
}

#[test]
fn the_version_is_the_projects() {
    let ended = spakky(["--version"]).finish();
    assert_eq!(ended.code(0).output, format!("spakky-redis {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_is_explained() {
    for (line, parts) in [
        (&["run"][..], &["COMPONENT", "Usage:"][..]),
        (&["run", "--bogus", "c.wasm"], &["--bogus", "Usage:"]),
        (&["fly"], &["fly", "Usage:"]),
        (&["run", "--store", "disk", "c.wasm"], &["disk", "redis", "embedded"]),
        (&["run", "--max-time", "0s", "c.wasm"], &["--max-time", "more than zero"]),
        (&["run", "--max-memory", "lots", "c.wasm"], &["lots", "--max-memory"]),
        (&["run", "--max-leases=-1", "c.wasm"], &["--max-leases"]),
        (&["run", "--early-refresh", "often", "c.wasm"], &["--early-refresh", "off"]),
        (&["run", "--lease", "1ms", "c.wasm"], &["--lease", "100ms"]),
        (&["run", "--redis-password", "s3cret", "c.wasm"], &["--redis-password"]),
        (&["health", "--probe-timeout", "0"], &["--probe-timeout"]),
    ] {
        spakky(line).finish().code(2).says(parts);
    }
}
