//! Templates of keys and tags: text with values in braces.

use std::fmt;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Error, Index, LitStr, Member, Result, Token};

/// A template whose syntax is right. Which values there are, its [`Scope`] knows.
pub(crate) struct Template {
    literal: LitStr,
    pieces: Vec<Piece>,
}

enum Piece {
    Text(String),
    /// With what a format makes of it, if there is one.
    Value {
        path: Path,
        format: Option<String>,
    },
}

/// `user`, `user.id`, `self.0`, `0.id`.
struct Path {
    root: Root,
    fields: Vec<Member>,
}

enum Root {
    Name(Ident),
    /// Of an argument, from 0, not counting `self`.
    Position(usize),
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Position(position) => position.fmt(f),
        }
    }
}

/// Where the names in a template come from.
pub(crate) enum Scope<'a> {
    /// From around the macro.
    Surrounding,
    /// From the arguments of a function.
    Arguments(&'a Arguments),
}

/// The arguments of a function.
pub(crate) struct Arguments {
    pub(crate) function: Ident,
    /// All names, also those within patterns, and `self`.
    pub(crate) names: Vec<Ident>,
    /// Each argument but `self`; a pattern has no name.
    pub(crate) positions: Vec<Option<Ident>>,
}

impl Template {
    pub(crate) fn parse(literal: &LitStr) -> Result<Self> {
        let text = literal.value();
        let pieces = split(&text)
            .and_then(|pieces| check_separation(&pieces).map(|()| pieces))
            .map_err(|message| Error::new(literal.span(), message))?;
        if text.is_empty() {
            return Err(Error::new(literal.span(), "an empty template: no key or tag is empty"));
        }
        Ok(Self { literal: literal.clone(), pieces })
    }

    /// Whether a value is, or is a part of, the object of a method.
    pub(crate) fn names_self(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Value { path: Path { root: Root::Name(name), .. }, .. } if name == "self"))
    }

    /// Where it stands.
    pub(crate) fn span(&self) -> Span {
        self.literal.span()
    }

    /// An expression of the type `Result<String, spakky_cache::Error>`.
    pub(crate) fn expand(&self, scope: &Scope<'_>) -> Result<TokenStream> {
        // Hygienic, so that a value may have the same name.
        let template = Ident::new("template", Span::mixed_site());
        let mut steps = TokenStream::new();
        for piece in &self.pieces {
            steps.extend(match piece {
                Piece::Text(text) => quote!(let #template = #template.literal(#text);),
                Piece::Value { path, format } => {
                    let value = self.resolve(path, scope)?;
                    // Complaints about the value's type belong to the template.
                    let span = self.literal.span();
                    if let Some(format) = format {
                        let format = LitStr::new(format, span);
                        let value = quote!(::core::format_args!(#format, #value));
                        quote!(let #template = #template.formatted(#value)?;)
                    } else {
                        let value = quote_spanned!(span=> &#value);
                        quote!(let #template = #template.value(#value)?;)
                    }
                }
            });
        }
        Ok(in_closure(&template, &TokenStream::new(), [steps].into_iter()))
    }

    fn resolve(&self, path: &Path, scope: &Scope<'_>) -> Result<TokenStream> {
        let Path { root, fields } = path;
        let span = self.literal.span();
        let root = match (scope, root) {
            (Scope::Surrounding, Root::Name(name)) => variable(name, span),
            (Scope::Surrounding, Root::Position(position)) => {
                let message = format!("`{{{position}}}` is no value: write a variable's name");
                return Err(Error::new(span, message));
            }
            (Scope::Arguments(arguments), root) => {
                let argument = arguments.find(root);
                let argument = argument.map_err(|message| Error::new(span, message))?;
                // The argument's own name, which a macro around may have coloured,
                // at the template's place.
                let mut argument = argument.clone();
                argument.set_span(argument.span().located_at(span));
                argument
            }
        };
        Ok(quote!(#root #(.#fields)*))
    }
}

impl Arguments {
    fn find(&self, root: &Root) -> std::result::Result<&Ident, String> {
        match root {
            Root::Name(root) => {
                let name = self.names.iter().find(|name| name.unraw() == *root);
                name.ok_or_else(|| format!("`{root}` is no argument of {}", self.listed()))
            }
            Root::Position(position) => match self.positions.get(*position) {
                Some(Some(name)) => Ok(name),
                Some(None) => Err(format!(
                    "the argument {position} is a pattern, which has no name: name what it binds"
                )),
                None => Err(format!("`{position}` is no argument of {}", self.listed())),
            },
        }
    }

    fn listed(&self) -> String {
        let names: Vec<_> = self.names.iter().map(|name| format!("`{}`", name.unraw())).collect();
        let has = match names.as_slice() {
            [] => "it has none".to_owned(),
            names => format!("it has {}", names.join(", ")),
        };
        format!("`{}`: {has}", self.function.unraw())
    }
}

/// The key of a function without a template: its name and its arguments, as an expression of
/// the type `Result<String, spakky_cache::Error>`.
pub(crate) fn default_key(arguments: &[Ident]) -> TokenStream {
    let template = Ident::new("template", Span::mixed_site());
    let values = arguments.iter().map(|argument| {
        let value = quote_spanned!(argument.span()=> &#argument);
        quote!(let #template = #template.literal(":").value(#value)?;)
    });
    in_closure(
        &template,
        // The name of a closure has that of the function around it.
        &quote!(let #template = #template.function(::core::any::type_name_of_val(&|| ()));),
        values,
    )
}

/// Makes a key in a closure, which gives `?` a place to return to that is not the user's
/// function.
fn in_closure(
    template: &Ident,
    first: &TokenStream,
    steps: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    quote! {
        (|| -> ::core::result::Result<::std::string::String, ::spakky_cache::Error> {
            let #template = ::spakky_cache::__private::Template::default();
            #first
            #(#steps)*
            ::core::result::Result::Ok(#template.finish())
        })()
    }
}

/// A name as an expression: `r#type` for the variable that a template calls `type`.
fn variable(name: &Ident, span: Span) -> Ident {
    let text = name.to_string();
    if text == "self" || syn::parse_str::<Ident>(&text).is_ok() {
        Ident::new(&text, span)
    } else {
        Ident::new_raw(&text, span)
    }
}

/// Text and values, in their order.
fn split(text: &str) -> std::result::Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
        } else if brace == "}" {
            return Err("a `}` without its `{`: a brace of the text is written `}}`".to_owned());
        } else {
            let end = rest.find(['{', '}']).filter(|end| rest[*end..].starts_with('}'));
            let Some(end) = end else {
                return Err("a `{` without its `}`: a brace of the text is written `{{`".to_owned());
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(placeholder(&rest[..end])?);
            rest = &rest[end + 1..];
        }
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// What is between two braces.
fn placeholder(text: &str) -> std::result::Result<Piece, String> {
    let (path, specification) = match text.split_once(':') {
        Some((path, specification)) => (path, Some(specification)),
        None => (text, None),
    };
    if path.trim().is_empty() {
        return Err("`{}` names no value: write an argument's name between the braces".to_owned());
    }
    // `$` would take a width from another argument, and so out of our sight.
    if specification.is_some_and(|specification| specification.contains('$')) {
        return Err(format!(
            "`{{{text}}}`: a width or precision is a number here, not an argument"
        ));
    }
    let path = Parser::parse_str(Path::parse, path).map_err(|_| {
        format!("`{{{text}}}` is no value: write an argument's name, or a field of it (`user.id`)")
    })?;
    let format = specification.map(|specification| format!("{{:{specification}}}"));
    Ok(Piece::Value { path, format })
}

impl Parse for Path {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut fields = Vec::new();
        let root = if input.peek(syn::LitInt) {
            Root::Position(input.parse::<syn::LitInt>()?.base10_parse()?)
        } else if input.peek(syn::LitFloat) {
            // `0.1` is a field of an argument.
            let mut indices = indices(input)?;
            let position = indices.remove(0).index;
            fields.extend(indices.into_iter().map(Member::Unnamed));
            Root::Position(usize::try_from(position).map_err(|_| input.error("no argument"))?)
        } else {
            let name = Ident::parse_any(input)?.unraw();
            if ["_", "crate", "super", "Self"].iter().any(|path| name == path) {
                return Err(input.error("no value"));
            }
            Root::Name(name)
        };
        while !input.is_empty() {
            input.parse::<Token![.]>()?;
            // `pair.0.1` has a number with a fraction in it.
            if input.peek(syn::LitFloat) {
                fields.extend(indices(input)?.into_iter().map(Member::Unnamed));
            } else {
                fields.push(input.parse()?);
            }
        }
        Ok(Self { root, fields })
    }
}

/// The numbers of `0.1`, which is one number to the compiler.
fn indices(input: ParseStream<'_>) -> Result<Vec<Index>> {
    let number: syn::LitFloat = input.parse()?;
    let index = |digits: &str| {
        let index = digits.parse().map_err(|_| input.error("no field"))?;
        Ok(Index { index, span: number.span() })
    };
    number.to_string().split('.').map(index).collect()
}

/// Values are escaped so that they hold no `:`. With one between any two of them,
/// the template can be read back, so two lists of values never make one key.
fn check_separation(pieces: &[Piece]) -> std::result::Result<(), String> {
    let mut separated = true;
    for piece in pieces {
        match piece {
            Piece::Text(text) => separated |= text.contains(':'),
            Piece::Value { path, .. } if !separated => {
                return Err(format!(
                    "no `:` between `{{{}}}` and the value before it: \
                     different values could make the same key",
                    path.root
                ));
            }
            Piece::Value { .. } => separated = false,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> std::result::Result<Template, String> {
        Template::parse(&LitStr::new(text, Span::call_site())).map_err(|error| error.to_string())
    }

    #[test]
    fn a_template_is_text_and_values() {
        for text in [
            "a",
            "{{}}",
            "a:{b}",
            "{b}",
            "{self.b.0.1}:{c:>+08.3}",
            "{a}:{b}",
            "{type}",
            "{0}:{1.id}:{0.1.2}",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_wrong_template_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("a{", "without its `}`"),
            ("a}", "without its `{`"),
            ("{a{b}}", "without its `}`"),
            ("{}", "names no value"),
            ("{:?}", "names no value"),
            ("{0+1}", "is no value"),
            ("{a + b}", "is no value"),
            ("{a.f()}", "is no value"),
            ("{a:w$}", "width"),
            ("{a}{b}", "no `:` between"),
            ("{a}-{b}", "no `:` between"),
        ] {
            let error = parse(text).err().expect(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_name_is_an_argument() {
        let user = Ident::new("user", Span::call_site());
        let arguments = Arguments {
            function: Ident::new("profile", Span::call_site()),
            names: vec![user.clone(), Ident::new_raw("type", Span::call_site())],
            positions: vec![Some(user), None],
        };
        let scope = Scope::Arguments(&arguments);
        assert!(parse("{type}:{user.id}:{0.id}").expect("right").expand(&scope).is_ok());
        for (wrong, reason) in [
            ("{usr}", "`usr` is no argument of `profile`: it has `user`, `type`"),
            ("{2}", "`2` is no argument of `profile`: it has `user`, `type`"),
            ("{1}", "the argument 1 is a pattern, which has no name: name what it binds"),
        ] {
            let error = parse(wrong).expect("right").expand(&scope).expect_err(wrong);
            assert_eq!(error.to_string(), reason);
        }
        let error = parse("{0}").expect("right").expand(&Scope::Surrounding).expect_err("no name");
        assert_eq!(error.to_string(), "`{0}` is no value: write a variable's name");
    }
}
