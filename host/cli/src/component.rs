//! Components: read from their files, and checked against what is offered.

use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::exit::{Failure, INTERNAL, NO_COMPONENT, NO_INPUT};
use crate::guest::Guest;
use crate::imports;

/// Compiles components, and links them with WASI and the cache.
pub(crate) struct Loader {
    engine: Engine,
    linker: Linker<Guest>,
}

/// A component that can be instantiated.
pub(crate) struct Loaded {
    pub(crate) path: PathBuf,
    pub(crate) pre: InstancePre<Guest>,
}

impl Loader {
    pub(crate) fn new(engine: &Engine) -> Result<Self, Failure> {
        let linker = link(engine)
            .map_err(|error| Failure::new(INTERNAL, format!("the linker: {error:#}")))?;
        Ok(Self { engine: engine.clone(), linker })
    }

    /// The component in a file.
    pub(crate) fn load(&self, path: &Path) -> Result<Loaded, Failure> {
        let shown = path.display();
        let bytes = std::fs::read(path)
            .map_err(|error| Failure::new(NO_INPUT, format!("{shown} cannot be read: {error}")))?;
        let refused = |why: String| Failure::new(NO_COMPONENT, format!("{shown} {why}"));
        match Kind::of(&bytes) {
            Kind::Component => {}
            Kind::Module => {
                return Err(refused("is a core WebAssembly module, not a component".into()).hint(
                    "`wasm-tools component new` makes a component of it; compilers do so themselves \
                     for the target wasm32-wasip2",
                ));
            }
            Kind::Text => {
                return Err(refused("is WebAssembly text, not a binary component".into())
                    .hint("`wasm-tools parse -o component.wasm` translates it"));
            }
            Kind::Other => {
                return Err(refused("is not a WebAssembly component".into()));
            }
        }
        let component = Component::from_binary(&self.engine, &bytes)
            .map_err(|error| refused(format!("is not a valid component: {error:#}")))?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .map_err(|error| imports::explain(&component, &error, path))?;
        Ok(Loaded { path: path.to_owned(), pre })
    }
}

impl Loaded {
    /// What the component calls itself: its file's name.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The component as a program.
    ///
    /// # Errors
    /// If it is none; they say what it is.
    pub(crate) fn command(&self) -> Result<CommandPre<Guest>, Failure> {
        CommandPre::new(self.pre.clone()).map_err(|_| {
            let component = self.pre.component();
            let exports: Vec<_> = component
                .component_type()
                .exports(component.engine())
                .map(|(name, _)| name.to_owned())
                .collect();
            let exports = if exports.is_empty() { "nothing".into() } else { exports.join(", ") };
            let path = self.path.display();
            Failure::new(
                NO_COMPONENT,
                format!("{path} is no program: it does not export wasi:cli/run@0.2, but {exports}"),
            )
            .hint("`health` and `info` ask components that are no programs")
        })
    }
}

fn link(engine: &Engine) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    spakky_cache_wasmtime::add_to_linker(&mut linker, |guest: &mut Guest| &mut guest.cache)?;
    Ok(linker)
}

/// What the first bytes of a file say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Component,
    Module,
    Text,
    Other,
}

impl Kind {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            // Magic, version, and layer: 0 is a module's, 1 a component's.
            [b'\0', b'a', b's', b'm', _, _, 0, 0, ..] => Self::Module,
            [b'\0', b'a', b's', b'm', _, _, 1, 0, ..] => Self::Component,
            _ => {
                let text = bytes.trim_ascii_start();
                let is_text = text.starts_with(b"(component") || text.starts_with(b"(module");
                if is_text { Self::Text } else { Self::Other }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_files() {
        assert_eq!(Kind::of(b"\0asm\x0d\0\x01\0"), Kind::Component);
        assert_eq!(Kind::of(b"\0asm\x01\0\0\0"), Kind::Module);
        assert_eq!(Kind::of(b" (component)"), Kind::Text);
        assert_eq!(Kind::of(b"\x7fELF"), Kind::Other);
        assert_eq!(Kind::of(b""), Kind::Other);
    }
}
