//! The contract has one text for each version of WASI: `wit/0.2` with plain functions,
//! `wit/0.3` with `async func` wherever the backend may be asked. Everything else in them is
//! alike, item by item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wit_parser::{
    Function, Handle, InterfaceId, PackageId, Resolve, Type, TypeDef, TypeDefKind, TypeOwner,
    World, WorldItem, WorldKey,
};

/// What never asks the backend, and so is plain in both.
const PLAIN: [&str; 3] = ["cache.metrics", "config.get", "health-probe.describe"];

/// What a version says of an item, by the item's name.
#[derive(Default)]
struct Contract {
    items: BTreeMap<String, String>,
    functions: BTreeSet<String>,
    asynchronous: BTreeSet<String>,
}

impl Contract {
    fn new(resolve: &Resolve, package: PackageId) -> Self {
        let mut made = Self::default();
        let package = &resolve.packages[package];
        for (name, interface) in &package.interfaces {
            made.interface(resolve, name, *interface);
        }
        for (name, world) in &package.worlds {
            made.world(resolve, name, &resolve.worlds[*world]);
        }
        made
    }

    fn interface(&mut self, resolve: &Resolve, name: &str, interface: InterfaceId) {
        self.items.insert(name.to_owned(), "interface".to_owned());
        let interface = &resolve.interfaces[interface];
        for (name_of_type, id) in &interface.types {
            let text = definition(resolve, &resolve.types[*id]);
            self.items.insert(format!("{name}.{name_of_type}"), text);
        }
        for function in interface.functions.values() {
            let resource = function.kind.resource().map(|id| &resolve.types[id]);
            let of = resource.and_then(|it| it.name.as_ref()).map(|it| format!(".{it}"));
            let name = format!("{name}{}.{}", of.unwrap_or_default(), function.item_name());
            self.items.insert(name.clone(), signature(resolve, function));
            if function.kind.is_async() {
                self.asynchronous.insert(name.clone());
            }
            self.functions.insert(name);
        }
    }

    fn world(&mut self, resolve: &Resolve, name: &str, world: &World) {
        for (way, items) in [("import", &world.imports), ("export", &world.exports)] {
            for (key, item) in items {
                let item = match (key, item) {
                    (_, WorldItem::Interface { id, .. }) => {
                        resolve.interfaces[*id].name.clone().unwrap_or_default()
                    }
                    (WorldKey::Name(name), _) => name.clone(),
                    (WorldKey::Interface(_), _) => String::new(),
                };
                self.items.insert(format!("world {name}: {way} {item}"), String::new());
            }
        }
    }

    /// How this version, with plain functions, and the other, with `async func`, are not the
    /// same contract.
    fn differences(&self, other: &Self) -> Vec<String> {
        let mut found = Vec::new();
        for name in self.items.keys().chain(other.items.keys()).collect::<BTreeSet<_>>() {
            match (self.items.get(name), other.items.get(name)) {
                (Some(_), None) => found.push(format!("`{name}` is in 0.2 alone")),
                (None, Some(_)) => found.push(format!("`{name}` is in 0.3 alone")),
                (Some(one), Some(two)) if one != two => {
                    found.push(format!("`{name}` is `{one}` in 0.2, and `{two}` in 0.3"));
                }
                _ => {}
            }
        }
        for name in &self.asynchronous {
            found.push(format!("`{name}` is async in 0.2"));
        }
        for name in &other.functions {
            match (other.asynchronous.contains(name), PLAIN.contains(&name.as_str())) {
                (true, true) => found.push(format!("`{name}` is async in 0.3, and asks nobody")),
                (false, false) => found.push(format!("`{name}` is not async in 0.3")),
                _ => {}
            }
        }
        found
    }
}

fn definition(resolve: &Resolve, definition: &TypeDef) -> String {
    match &definition.kind {
        TypeDefKind::Record(record) => {
            let fields = record.fields.iter();
            let fields = fields.map(|it| format!("{}: {}", it.name, text(resolve, &it.ty)));
            format!("record {{ {} }}", join(fields))
        }
        TypeDefKind::Variant(variant) => {
            let cases = variant.cases.iter().map(|it| match &it.ty {
                Some(of) => format!("{}({})", it.name, text(resolve, of)),
                None => it.name.clone(),
            });
            format!("variant {{ {} }}", join(cases))
        }
        TypeDefKind::Enum(of) => {
            format!("enum {{ {} }}", join(of.cases.iter().map(|it| it.name.clone())))
        }
        TypeDefKind::Flags(of) => {
            format!("flags {{ {} }}", join(of.flags.iter().map(|it| it.name.clone())))
        }
        TypeDefKind::Resource => "resource".to_owned(),
        TypeDefKind::Handle(Handle::Own(id)) => text(resolve, &Type::Id(*id)),
        TypeDefKind::Handle(Handle::Borrow(id)) => {
            format!("borrow<{}>", text(resolve, &Type::Id(*id)))
        }
        TypeDefKind::Tuple(of) => {
            format!("tuple<{}>", join(of.types.iter().map(|it| text(resolve, it))))
        }
        TypeDefKind::Option(of) => format!("option<{}>", text(resolve, of)),
        TypeDefKind::List(of) => format!("list<{}>", text(resolve, of)),
        TypeDefKind::Result(of) => {
            let text = |it: &Option<Type>| it.map_or("_".to_owned(), |it| text(resolve, &it));
            format!("result<{}, {}>", text(&of.ok), text(&of.err))
        }
        TypeDefKind::Type(of) => text(resolve, of),
        other => panic!("the contract has a {}, which is not compared yet", other.as_str()),
    }
}

fn text(resolve: &Resolve, of: &Type) -> String {
    let Type::Id(id) = of else {
        return format!("{of:?}").to_lowercase();
    };
    let of = &resolve.types[*id];
    match (&of.name, of.owner) {
        (Some(name), TypeOwner::Interface(owner)) => {
            let owner = resolve.interfaces[owner].name.as_deref().unwrap_or_default();
            format!("{owner}.{name}")
        }
        (Some(name), _) => name.clone(),
        (None, _) => definition(resolve, of),
    }
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let parameters = function.params.iter();
    let parameters = parameters.map(|it| format!("{}: {}", it.name, text(resolve, &it.ty)));
    let result = function.result.map_or(String::new(), |it| format!(" -> {}", text(resolve, &it)));
    format!("func({}){result}", join(parameters))
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[test]
fn both_versions_are_one_contract() {
    let read = |version: &str| {
        let mut resolve = Resolve::default();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit").join(version);
        let (package, _) = resolve.push_path(path).expect("a package");
        let name = resolve.packages[package].name.to_string();
        assert_eq!(name, format!("spakky:cache@{version}.0"));
        Contract::new(&resolve, package)
    };
    let (plain, concurrent) = (read("0.2"), read("0.3"));
    let differences = plain.differences(&concurrent);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(plain.functions.len() > 15 && plain.items.len() > 40, "{:?}", plain.items.keys());
    for name in PLAIN {
        assert!(plain.functions.contains(name), "there is no `{name}`");
    }
}

#[test]
fn a_difference_is_named() {
    let read = |text: &str| {
        let mut resolve = Resolve::default();
        let text = format!("package a:b; interface cache {{ {text} }}");
        let package = resolve.push_str("a.wit", &text).expect("a package");
        Contract::new(&resolve, package)
    };
    let same = "type ms = u64; record found { age: ms } resource lease { ";
    let plain = format!("{same} commit: func(value: list<u8>) -> result<found>; }}");
    let concurrent = format!("{same} commit: async func(value: list<u8>) -> result<found>; }}");
    assert!(read(&plain).differences(&read(&concurrent)).is_empty());
    for (from, to, difference) in [
        (
            "value: ",
            "bytes: ",
            "`cache.lease.commit` is `func(self: borrow<cache.lease>, value: list<u8>) -> result<cache.found, _>` in 0.2, and `func(self: borrow<cache.lease>, bytes: list<u8>) -> result<cache.found, _>` in 0.3",
        ),
        ("result<found>", "result<ms>", "`cache.lease.commit` is"),
        (
            "age: ms",
            "age: u32",
            "`cache.found` is `record { age: cache.ms }` in 0.2, and `record { age: u32 }` in 0.3",
        ),
        ("u64", "u32", "`cache.ms` is `u64` in 0.2, and `u32` in 0.3"),
        ("async func", "func", "`cache.lease.commit` is not async in 0.3"),
        ("type ms", "type more = u8; type ms", "`cache.more` is in 0.3 alone"),
        (
            "type ms",
            "metrics: async func(); type ms",
            "`cache.metrics` is async in 0.3, and asks nobody",
        ),
    ] {
        let changed = concurrent.replacen(from, to, 1);
        assert_ne!(changed, concurrent);
        let found = read(&plain).differences(&read(&changed));
        assert!(found.iter().any(|it| it.starts_with(difference)), "{difference}: {found:?}");
    }
    let found = read(&concurrent).differences(&read(&concurrent));
    assert_eq!(found, ["`cache.lease.commit` is async in 0.2"]);
}
