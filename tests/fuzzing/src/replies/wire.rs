//! What a server says: bytes, with what they mean.

use std::io::Write as _;

/// A reply as a step has to understand it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Null,
    Ok,
    Text(Vec<u8>),
    Number(i64),
    List(Vec<Self>),
    Error,
    /// A reply of a form that no step asks for.
    Other,
    /// Not exactly one reply: what follows it may be taken for another's.
    Unclear,
}

/// One reply, or what a broken server says instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) means: Meaning,
}

impl Reply {
    pub(super) fn null() -> Self {
        Self { bytes: b"_\r\n".to_vec(), means: Meaning::Null }
    }

    pub(super) fn ok() -> Self {
        Self { bytes: b"+OK\r\n".to_vec(), means: Meaning::Ok }
    }

    pub(super) fn number(number: i64) -> Self {
        Self { bytes: line(b':', number), means: Meaning::Number(number) }
    }

    pub(super) fn text(text: &[u8]) -> Self {
        Self { bytes: counted(b'$', text), means: Meaning::Text(text.to_vec()) }
    }

    /// An error whose first word is `code`.
    pub(super) fn error(code: &str) -> Self {
        let text = format_args!("{code} as the script says");
        Self { bytes: line(b'-', text), means: Meaning::Error }
    }

    pub(super) fn list(items: Vec<Self>) -> Self {
        let mut bytes = line(b'*', items.len());
        let mut means = Vec::with_capacity(items.len());
        for item in items {
            bytes.extend(item.bytes);
            means.push(item.means);
        }
        let clear = !means.contains(&Meaning::Unclear);
        Self { bytes, means: if clear { Meaning::List(means) } else { Meaning::Unclear } }
    }

    /// Whole, but of a form that no step asks for.
    pub(super) fn other(bytes: Vec<u8>) -> Self {
        Self { bytes, means: Meaning::Other }
    }

    pub(super) fn unclear(bytes: Vec<u8>) -> Self {
        Self { bytes, means: Meaning::Unclear }
    }
}

/// The line that begins a reply of this type.
pub(super) fn line(kind: u8, says: impl std::fmt::Display) -> Vec<u8> {
    let mut line = vec![kind];
    write!(line, "{says}\r\n").expect("a vector takes any bytes");
    line
}

/// Bytes with their length before them.
pub(super) fn counted(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut counted = line(kind, bytes.len());
    counted.extend_from_slice(bytes);
    counted.extend_from_slice(b"\r\n");
    counted
}

/// The first whole command in `inbox`, which is taken out of it. It comes from
/// the product, which is trusted to write commands.
pub(super) fn take_command(inbox: &mut Vec<u8>) -> Option<Vec<Vec<u8>>> {
    let mut rest = inbox.as_slice();
    let count = take_count(&mut rest, b'*')?;
    let mut command = Vec::with_capacity(count);
    for _ in 0..count {
        let length = take_count(&mut rest, b'$')?;
        command.push(rest.get(..length)?.to_vec());
        rest = rest.get(length + 2..)?;
    }
    let taken = inbox.len() - rest.len();
    inbox.drain(..taken);
    Some(command)
}

fn take_count(rest: &mut &[u8], kind: u8) -> Option<usize> {
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, after) = (&rest[..end], &rest[end + 2..]);
    assert_eq!(line.first(), Some(&kind), "a command that is none: {}", line.escape_ascii());
    let digits = std::str::from_utf8(&line[1..]).ok().and_then(|digits| digits.parse().ok());
    *rest = after;
    Some(digits.expect("a count in a command"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_taken_when_they_are_whole() {
        let whole = b"*2\r\n$3\r\nGET\r\n$2\r\na\n\r\n*1\r\n$4\r\nPING\r\n";
        let mut inbox = whole[..20].to_vec();
        assert_eq!(take_command(&mut inbox), None);
        inbox.extend(&whole[20..]);
        assert_eq!(take_command(&mut inbox), Some(vec![b"GET".to_vec(), b"a\n".to_vec()]));
        assert_eq!(take_command(&mut inbox), Some(vec![b"PING".to_vec()]));
        assert_eq!(take_command(&mut inbox), None);
        assert!(inbox.is_empty());
    }

    #[test]
    fn replies_are_written_as_redis_writes_them() {
        let items = vec![Reply::number(-1), Reply::text(b"a"), Reply::null(), Reply::ok()];
        let list = Reply::list(items);
        assert_eq!(list.bytes, b"*4\r\n:-1\r\n$1\r\na\r\n_\r\n+OK\r\n");
        let (number, text) = (Meaning::Number(-1), Meaning::Text(b"a".to_vec()));
        assert_eq!(list.means, Meaning::List(vec![number, text, Meaning::Null, Meaning::Ok]));
        let unclear = Reply::list(vec![Reply::unclear(vec![1])]);
        assert_eq!(unclear.means, Meaning::Unclear);
    }
}
