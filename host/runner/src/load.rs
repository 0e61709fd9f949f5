//! Loads components from files, and links them.

use std::fmt;
use std::path::{Path, PathBuf};

use wasmtime::Engine;
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::imports;
use crate::instance::InstanceState;
use crate::program::Program;

/// Why a component could not be loaded. `Display` is one line that names the
/// file.
#[derive(Debug, thiserror::Error)]
#[error("{} {kind}", path.display())]
pub struct LoadError {
    /// The component's file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: LoadErrorKind,
}

/// What is wrong with a component's file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The file cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// The file is a core module.
    #[error("is a core WebAssembly module, not a component")]
    CoreModule,
    /// The file is WebAssembly text.
    #[error("is WebAssembly text, not a binary component")]
    Text,
    /// The file is something else.
    #[error("is not a WebAssembly component")]
    NotWebAssembly,
    /// The engine does not accept the component.
    #[error("is not a valid component: {0:#}")]
    Invalid(wasmtime::Error),
    /// The component imports interfaces that are not offered.
    #[error("imports what is not offered: {}", .0.join(", "))]
    MissingImports(Vec<String>),
    /// The component imports an interface that is offered with other types.
    #[error("imports {import}, and what is offered differs: {difference}")]
    IncompatibleImport {
        /// The interface.
        import: String,
        /// How its types differ.
        difference: String,
    },
    /// The component does not export `wasi:cli/run`.
    #[error("is not a program: it does not export wasi:cli/run@0.2, but {}", exports_or_nothing(.exports))]
    NotAProgram {
        /// What it exports instead.
        exports: Vec<String>,
    },
}

fn exports_or_nothing(exports: &[String]) -> String {
    if exports.is_empty() { "nothing".to_owned() } else { exports.join(", ") }
}

/// Compiles components, and links them with WASI and the cache.
pub struct Loader {
    engine: Engine,
    linker: Linker<InstanceState>,
}

impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

impl Loader {
    /// The packages that components can import, with their versions.
    pub fn offered() -> String {
        imports::offered()
    }

    /// Creates a loader for `engine`.
    ///
    /// # Errors
    /// If WASI or the cache cannot be linked.
    pub fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        spakky_cache_wasmtime::add_to_linker(&mut linker, |state: &mut InstanceState| {
            &mut state.cache
        })?;
        Ok(Self { engine: engine.clone(), linker })
    }

    /// Loads the component in the file at `path`.
    ///
    /// # Errors
    /// If the file is not a component that can be linked.
    pub fn load(&self, path: &Path) -> Result<LoadedComponent, LoadError> {
        let pre = self.pre(path).map_err(|kind| LoadError { path: path.to_owned(), kind })?;
        Ok(LoadedComponent { path: path.to_owned(), pre })
    }

    fn pre(&self, path: &Path) -> Result<InstancePre<InstanceState>, LoadErrorKind> {
        let bytes = std::fs::read(path).map_err(LoadErrorKind::Unreadable)?;
        match Kind::of(&bytes) {
            Kind::Component => {}
            Kind::Module => return Err(LoadErrorKind::CoreModule),
            Kind::Text => return Err(LoadErrorKind::Text),
            Kind::Other => return Err(LoadErrorKind::NotWebAssembly),
        }
        let component =
            Component::from_binary(&self.engine, &bytes).map_err(LoadErrorKind::Invalid)?;
        let pre = self.linker.instantiate_pre(&component);
        pre.map_err(|error| imports::explain(&component, &error))
    }
}

/// A component that can be instantiated.
#[derive(Clone)]
pub struct LoadedComponent {
    path: PathBuf,
    pub(crate) pre: InstancePre<InstanceState>,
}

impl fmt::Debug for LoadedComponent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadedComponent").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LoadedComponent {
    /// The component's name: that of its file.
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        name.to_string_lossy().into_owned()
    }

    /// The component as a program.
    ///
    /// # Errors
    /// If it is not a program.
    pub fn program(&self) -> Result<Program, LoadError> {
        CommandPre::new(self.pre.clone()).map(Program).map_err(|_| {
            let component = self.pre.component();
            let exports = component.component_type();
            let exports = exports.exports(component.engine()).map(|(name, _)| name.to_owned());
            let kind = LoadErrorKind::NotAProgram { exports: exports.collect() };
            LoadError { path: self.path.clone(), kind }
        })
    }
}

/// The kind of a file, by its first bytes.
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
            // Magic number, version, and layer: 0 for a module, 1 for a component.
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
    fn files_are_told_apart_by_their_first_bytes() {
        assert_eq!(Kind::of(b"\0asm\x0d\0\x01\0"), Kind::Component);
        assert_eq!(Kind::of(b"\0asm\x01\0\0\0"), Kind::Module);
        assert_eq!(Kind::of(b" (component)"), Kind::Text);
        assert_eq!(Kind::of(b"\x7fELF"), Kind::Other);
        assert_eq!(Kind::of(b""), Kind::Other);
    }
}
