//! Standard output as a component sees it: it ends where nobody reads any more.

use std::io;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// Nobody reads the output any longer, as when `head` has seen enough.
///
/// It ends the component, as the signal SIGPIPE ends a native program: most
/// programs would only panic over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

impl std::fmt::Display for Closed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nobody reads the output any longer")
    }
}

impl std::error::Error for Closed {}

/// The output of this command.
pub(crate) struct Stdout;

impl IsTerminal for Stdout {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&io::stdout())
    }
}

impl StdoutStream for Stdout {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Components of WASI 0.2 get the other one.
        io::stdout().async_stream()
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(EndsIfClosed(io::stdout().p2_stream()))
    }
}

struct EndsIfClosed(Box<dyn OutputStream>);

fn end_if_closed<T>(result: StreamResult<T>) -> StreamResult<T> {
    result.map_err(|error| match error {
        StreamError::Closed => StreamError::Trap(Closed.into()),
        error => error,
    })
}

#[wasmtime_wasi::async_trait]
impl Pollable for EndsIfClosed {
    async fn ready(&mut self) {
        self.0.ready().await;
    }
}

impl OutputStream for EndsIfClosed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        end_if_closed(self.0.write(bytes))
    }

    fn flush(&mut self) -> StreamResult<()> {
        end_if_closed(self.0.flush())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        end_if_closed(self.0.check_write())
    }
}
