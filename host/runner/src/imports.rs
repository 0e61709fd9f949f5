//! Explains why a component cannot be linked.

use wasmtime::component::Component;

use crate::load::LoadErrorKind;

/// The packages and interfaces offered. Only messages depend on this list: the
/// linker decides whether a component links.
const OFFERED: [(&str, &str, &[&str]); 13] = [
    ("wasi:cli", "0.2", CLI_0_2),
    ("wasi:cli", "0.3", CLI_0_3),
    ("wasi:clocks", "0.2", &["monotonic-clock", "wall-clock"]),
    ("wasi:clocks", "0.3", &["monotonic-clock", "system-clock", "types"]),
    ("wasi:filesystem", "0.2", &["preopens", "types"]),
    ("wasi:filesystem", "0.3", &["preopens", "types"]),
    ("wasi:io", "0.2", &["error", "poll", "streams"]),
    ("wasi:random", "0.2", &["insecure", "insecure-seed", "random"]),
    ("wasi:random", "0.3", &["insecure", "insecure-seed", "random"]),
    (
        "wasi:sockets",
        "0.2",
        &[
            "instance-network",
            "ip-name-lookup",
            "network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
    ("wasi:sockets", "0.3", &["ip-name-lookup", "types"]),
    ("spakky:cache", "0.2", CACHE),
    ("spakky:cache", "0.3", CACHE),
];

const CLI_0_2: &[&str] = &[
    "environment",
    "exit",
    "stderr",
    "stdin",
    "stdout",
    "terminal-input",
    "terminal-output",
    "terminal-stderr",
    "terminal-stdin",
    "terminal-stdout",
];

const CLI_0_3: &[&str] = &[
    "environment",
    "exit",
    "stderr",
    "stdin",
    "stdout",
    "terminal-input",
    "terminal-output",
    "terminal-stderr",
    "terminal-stdin",
    "terminal-stdout",
    "types",
];

const CACHE: &[&str] = &["actuator", "actuator-types", "cache", "config", "types"];

/// Explains why `component` could not be linked.
pub(crate) fn explain(component: &Component, error: &wasmtime::Error) -> LoadErrorKind {
    let missing: Vec<_> = imports_of(component).filter_map(|name| missing(&name)).collect();
    if !missing.is_empty() {
        return LoadErrorKind::MissingImports(missing);
    }
    // The interface is offered, but with other types.
    let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
    let import = imports_of(component).find(|name| error.to_string().contains(name.as_str()));
    let import = import.unwrap_or_else(|| error.to_string());
    LoadErrorKind::IncompatibleImport { import, difference: causes.join(": ") }
}

/// The packages offered, with their versions.
pub(crate) fn offered() -> String {
    OFFERED.map(|(package, version, _)| format!("{package}@{version}")).join(", ")
}

fn imports_of(component: &Component) -> impl Iterator<Item = String> {
    let ty = component.component_type();
    let names: Vec<_> = ty.imports(component.engine()).map(|(name, _)| name.to_owned()).collect();
    names.into_iter()
}

/// The import `name` and what is offered instead, if `name` is not offered.
fn missing(name: &str) -> Option<String> {
    let (path, version) = name.split_once('@').unwrap_or((name, ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    let has = |(offered, _, interfaces): &&(&str, &str, &[&str])| {
        *offered == package && interfaces.contains(&interface)
    };
    let versions: Vec<&str> = OFFERED.iter().filter(has).map(|(_, version, _)| *version).collect();
    if versions.is_empty() {
        return Some(name.to_owned());
    }
    let offered = || versions.iter().map(|version| format!("{path}@{version}"));
    (!versions.contains(&compatible(version)))
        .then(|| format!("{name} (offered is {})", offered().collect::<Vec<_>>().join(" or ")))
}

/// The part of a version that compatible versions share: the major version, and
/// before 1.0 the minor one, too.
fn compatible(version: &str) -> &str {
    // A pre-release is compatible only with itself.
    if version.contains('-') {
        return version;
    }
    let numbers = if version.starts_with("0.") { 2 } else { 1 };
    let end = version.match_indices('.').nth(numbers - 1).map_or(version.len(), |(at, _)| at);
    &version[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatible_versions() {
        for (version, part) in [
            ("0.2.3", "0.2"),
            ("0.2.12", "0.2"),
            ("0.3.0", "0.3"),
            ("1.2.3", "1"),
            ("0.2.0-rc-2023-10-25", "0.2.0-rc-2023-10-25"),
            ("", ""),
        ] {
            assert_eq!(compatible(version), part);
        }
    }

    #[test]
    fn missing_imports() {
        for name in [
            "wasi:cli/stdout@0.2.0",
            "wasi:cli/stdout@0.3.1",
            "wasi:io/poll@0.2.99",
            "spakky:cache/cache@0.2.0",
            "spakky:cache/cache@0.3.0",
        ] {
            assert_eq!(missing(name), None, "{name}");
        }
        for name in ["wasi:http/types@0.2.0", "wasi:cli/else@0.2.0", "log", "a:b/c@0.1.0"] {
            assert_eq!(missing(name).as_deref(), Some(name));
        }
        let newer = "wasi:io/poll@0.3.0 (offered is wasi:io/poll@0.2)";
        assert_eq!(missing("wasi:io/poll@0.3.0").as_deref(), Some(newer));
        let older = "spakky:cache/cache@0.1.0 (offered is spakky:cache/cache@0.2 or \
                     spakky:cache/cache@0.3)";
        assert_eq!(missing("spakky:cache/cache@0.1.0").as_deref(), Some(older));
    }
}
