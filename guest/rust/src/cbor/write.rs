//! Serializes values, and refuses what would not come back.

use std::mem;

use ciborium_ll::{Encoder, Header, simple};
use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::fault::Fault;
use super::{DEEPEST, TAG};

/// The head of the tag of sets, 258.
const SET: [u8; 3] = [0xd9, 0x01, 0x02];
const BEYOND_64_BITS: &str =
    "an integer of more than 64 bits: store it as text, with serde's `with`";
const SOME_NULL: &str = "`Some` of what is stored as null would be read as `None`: use an enum \
                         with a variant for each case, or serde's `with`";

/// What has been written. Every write answers whether it was null.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
    depth: usize,
    /// Whether the next list is a set.
    set: bool,
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn push(&mut self, header: Header) {
        push(&mut self.bytes, header);
    }

    fn text(&mut self, text: &str) {
        self.push(Header::Text(Some(text.len())));
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// One level deeper.
    fn descend(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Fault::new("more than 128 levels of lists and maps"));
        }
        Ok(())
    }

    fn open(
        &mut self,
        length: Option<usize>,
        head: fn(Option<usize>) -> Header,
    ) -> Result<Compound<'_>, Fault> {
        self.descend()?;
        if length.is_some() {
            self.push(head(length));
        }
        let start = self.bytes.len();
        let kind = if mem::take(&mut self.set) { Kind::Set(Vec::new()) } else { Kind::Plain };
        Ok(Compound {
            writer: self,
            head,
            length,
            start,
            items: 0,
            key: start,
            variant: None,
            kind,
        })
    }

    /// Brings the last items, which begin at `starts`, into the order of their bytes.
    fn sort(&mut self, starts: &[usize]) -> Result<(), Fault> {
        let Some(first) = starts.first() else { return Ok(()) };
        let ends = starts[1..].iter().copied().chain([self.bytes.len()]);
        let mut items: Vec<_> =
            starts.iter().zip(ends).map(|(start, end)| self.bytes[*start..end].to_vec()).collect();
        items.sort_unstable();
        if items.array_windows().any(|[a, b]| a == b) {
            return Err(Fault::new("a set with a duplicate"));
        }
        self.bytes.truncate(*first);
        self.bytes.extend(items.concat());
        Ok(())
    }

    /// The map of a variant to its content.
    fn open_variant(&mut self, variant: &'static str) -> Result<(), Fault> {
        self.descend()?;
        self.push(Header::Map(Some(1)));
        self.text(variant);
        Ok(())
    }
}

fn push(bytes: &mut Vec<u8>, header: Header) {
    Encoder::from(bytes).push(header).expect("a vector takes everything");
}

macro_rules! integers {
    ($($method:ident($number:ty))*) => {$(
        fn $method(self, number: $number) -> Result<bool, Fault> {
            #[allow(clippy::useless_conversion)]
            let header = u64::try_from(number).map(Header::Positive).or_else(|_| {
                // -1 is 0, -2 is 1.
                u64::try_from(!i128::try_from(number).unwrap_or_default()).map(Header::Negative)
            });
            self.push(header.map_err(|_| Fault::new(BEYOND_64_BITS))?);
            Ok(false)
        }
    )*};
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = bool;
    type Error = Fault;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    integers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
        serialize_i128(i128) serialize_u128(u128)
    }

    fn serialize_bool(self, flag: bool) -> Result<bool, Fault> {
        self.push(Header::Simple(if flag { simple::TRUE } else { simple::FALSE }));
        Ok(false)
    }

    fn serialize_f32(self, number: f32) -> Result<bool, Fault> {
        self.serialize_f64(number.into())
    }

    fn serialize_f64(self, number: f64) -> Result<bool, Fault> {
        // There is one NaN.
        self.push(Header::Float(if number.is_nan() { f64::NAN } else { number }));
        Ok(false)
    }

    fn serialize_char(self, character: char) -> Result<bool, Fault> {
        self.serialize_str(character.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<bool, Fault> {
        self.text(text);
        Ok(false)
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<bool, Fault> {
        self.push(Header::Bytes(Some(bytes.len())));
        self.bytes.extend_from_slice(bytes);
        Ok(false)
    }

    fn serialize_none(self) -> Result<bool, Fault> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<bool, Fault> {
        if value.serialize(self)? {
            return Err(Fault::new(SOME_NULL));
        }
        Ok(false)
    }

    fn serialize_unit(self) -> Result<bool, Fault> {
        self.push(Header::Simple(simple::NULL));
        Ok(true)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<bool, Fault> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<bool, Fault> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<bool, Fault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<bool, Fault> {
        if name == TAG {
            return value.serialize(self);
        }
        self.open_variant(variant)?;
        value.serialize(&mut *self).map_err(|fault| fault.in_field(variant))?;
        self.depth -= 1;
        Ok(false)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a>, Fault> {
        self.open(length, Header::Array)
    }

    fn serialize_tuple(self, length: usize) -> Result<Compound<'a>, Fault> {
        self.open(Some(length), Header::Array)
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Compound<'a>, Fault> {
        self.open(Some(length), Header::Array)
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a>, Fault> {
        if name == TAG {
            let start = self.bytes.len();
            let (head, length, kind) = (Header::Array, Some(length), Kind::Tag);
            return Ok(Compound {
                writer: self,
                head,
                length,
                start,
                items: 0,
                key: start,
                variant: None,
                kind,
            });
        }
        self.open_variant(variant)?;
        Ok(Compound { variant: Some(variant), ..self.open(Some(length), Header::Array)? })
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a>, Fault> {
        self.open(length, Header::Map)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Compound<'a>, Fault> {
        self.open(Some(length), Header::Map)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a>, Fault> {
        self.open_variant(variant)?;
        Ok(Compound { variant: Some(variant), ..self.open(Some(length), Header::Map)? })
    }

    /// Must match the deserializer: types choose their form by it.
    fn is_human_readable(&self) -> bool {
        false
    }
}

/// A list or map that is being written.
pub(super) struct Compound<'a> {
    writer: &'a mut Writer,
    head: fn(Option<usize>) -> Header,
    /// As announced. Serde does not know it of a struct with `flatten`.
    length: Option<usize>,
    /// Where the items begin.
    start: usize,
    items: usize,
    /// Where the last key begins.
    key: usize,
    variant: Option<&'static str>,
    kind: Kind,
}

enum Kind {
    Plain,
    /// A number, and what it is the tag of.
    Tag,
    /// With where each item begins.
    Set(Vec<usize>),
}

impl Compound<'_> {
    fn in_variant(&self, fault: Fault) -> Fault {
        match self.variant {
            Some(variant) => fault.in_field(variant),
            None => fault,
        }
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let start = self.writer.bytes.len();
        if let Kind::Set(starts) = &mut self.kind {
            starts.push(start);
        }
        let written = value.serialize(&mut *self.writer);
        if let Kind::Tag = self.kind {
            written?;
            if self.items == 0 {
                // The head of a tag differs from that of its number in the kind alone.
                self.writer.bytes[start] |= 6 << 5;
                self.writer.set = self.writer.bytes[start..] == SET;
            }
        } else {
            written.map_err(|fault| self.in_variant(fault.in_item(self.items)))?;
        }
        self.items += 1;
        Ok(())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Fault> {
        self.writer.text(name);
        let written = value.serialize(&mut *self.writer);
        written.map_err(|fault| self.in_variant(fault.in_field(name)))?;
        self.items += 1;
        Ok(())
    }

    fn close(self) -> Result<bool, Fault> {
        match &self.kind {
            Kind::Plain => {}
            Kind::Tag => {
                self.writer.set = false;
                return Ok(false);
            }
            Kind::Set(starts) => self.writer.sort(starts)?,
        }
        match self.length {
            None => {
                let mut head = Vec::new();
                push(&mut head, (self.head)(Some(self.items)));
                self.writer.bytes.splice(self.start..self.start, head);
            }
            Some(length) if length != self.items => {
                let items = self.items;
                let reason = format!("its length is announced as {length}, but it has {items}");
                return Err(self.in_variant(Fault::new(reason)));
            }
            Some(_) => {}
        }
        self.writer.depth -= 1 + usize::from(self.variant.is_some());
        Ok(false)
    }
}

impl SerializeMap for Compound<'_> {
    type Ok = bool;
    type Error = Fault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Fault> {
        self.key = self.writer.bytes.len();
        key.serialize(&mut *self.writer).map_err(|fault| fault.in_entry(None))?;
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Fault> {
        let after_key = self.writer.bytes.len();
        value.serialize(&mut *self.writer).map_err(|fault| {
            let key = &self.writer.bytes[self.key..after_key];
            let key: Option<ciborium::Value> = ciborium::from_reader(key).ok();
            fault.in_entry(key.as_ref().and_then(ciborium::Value::as_text))
        })?;
        self.items += 1;
        Ok(())
    }

    fn end(self) -> Result<bool, Fault> {
        self.close()
    }
}

macro_rules! compounds {
    ($($kind:ident: $method:ident$(($name:ident))? => $write:ident;)*) => {$(
        impl $kind for Compound<'_> {
            type Ok = bool;
            type Error = Fault;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $($name: &'static str,)?
                value: &T,
            ) -> Result<(), Fault> {
                self.$write($($name,)? value)
            }

            fn end(self) -> Result<bool, Fault> {
                self.close()
            }
        }
    )*};
}

compounds! {
    SerializeSeq: serialize_element => item;
    SerializeTuple: serialize_element => item;
    SerializeTupleStruct: serialize_field => item;
    SerializeTupleVariant: serialize_field => item;
    SerializeStruct: serialize_field(name) => field;
    SerializeStructVariant: serialize_field(name) => field;
}
