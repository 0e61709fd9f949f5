//! Standard output that ends a program once its reader has closed it.

use std::io;

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

/// The reader of the output has closed it, as `head` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the output is closed")]
pub(crate) struct OutputClosed;

/// The standard output of this process, for a program.
///
/// A program that writes to it after its reader has closed it ends, as SIGPIPE
/// ends a native program. Most programs would panic otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdout;

impl IsTerminal for Stdout {
    fn is_terminal(&self) -> bool {
        io::IsTerminal::is_terminal(&io::stdout())
    }
}

impl StdoutStream for Stdout {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only components of WASI 0.3 use this one.
        io::stdout().async_stream()
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(EndsIfClosed(io::stdout().p2_stream()))
    }
}

struct EndsIfClosed(Box<dyn OutputStream>);

fn end_if_closed<T>(result: StreamResult<T>) -> StreamResult<T> {
    result.map_err(|error| match error {
        StreamError::Closed => StreamError::Trap(OutputClosed.into()),
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
