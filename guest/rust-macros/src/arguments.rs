//! What stands in the brackets of the attributes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, ExprGroup, ExprLit, Lit, LitStr, Result, Token, bracketed, token};

use crate::duration;
use crate::template::Template;

/// `#[cacheable(…)]`.
pub(crate) struct Cacheable {
    /// None: of the function's name and arguments.
    pub(crate) key: Option<Template>,
    pub(crate) tags: Vec<Template>,
    pub(crate) ttl: Option<Time>,
    pub(crate) fresh_for: Option<Time>,
    pub(crate) max_wait: Option<Time>,
    pub(crate) retry_after: Option<Time>,
    pub(crate) stale_if_error: Option<Box<Expr>>,
    pub(crate) strict: bool,
    /// Whether all objects of a method share its entries.
    pub(crate) shared: bool,
}

/// A span of time.
pub(crate) enum Time {
    Milliseconds(u64),
    /// An expression, such as a constant, of type `Duration`.
    Duration(Box<Expr>),
}

impl ToTokens for Time {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Milliseconds(time) => {
                tokens.extend(quote!(::core::time::Duration::from_millis(#time)));
            }
            Self::Duration(expression) => expression.to_tokens(tokens),
        }
    }
}

/// `#[cache_evict(…)]`.
pub(crate) enum Evict {
    All,
    Some { key: Option<Template>, tags: Vec<Template> },
}

struct Argument {
    name: Ident,
    value: Value,
}

enum Value {
    None,
    Text(LitStr),
    List(Vec<LitStr>),
    Other(Box<Expr>),
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = Ident::parse_any(input)?;
        if !input.peek(Token![=]) {
            return Ok(Self { name, value: Value::None });
        }
        input.parse::<Token![=]>()?;
        let value = if input.peek(token::Bracket) {
            let list;
            bracketed!(list in input);
            let list = Punctuated::<LitStr, Token![,]>::parse_terminated(&list)?;
            Value::List(list.into_iter().collect())
        } else {
            let mut value = input.parse()?;
            // What another macro fills in comes in an invisible group.
            while let Expr::Group(ExprGroup { expr, .. }) = value {
                value = *expr;
            }
            match value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Value::Text(text),
                other => Value::Other(Box::new(other)),
            }
        };
        Ok(Self { name, value })
    }
}

impl Argument {
    fn text(&self) -> Result<&LitStr> {
        match &self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.error("is a string: `", " = \"…\"`")),
        }
    }

    fn template(&self) -> Result<Template> {
        Template::parse(self.text()?)
    }

    fn templates(&self) -> Result<Vec<Template>> {
        match &self.value {
            Value::List(list) => list.iter().map(Template::parse).collect(),
            _ => Err(self.error("is a list of strings: `", " = [\"…\"]`")),
        }
    }

    fn flag(&self) -> Result<()> {
        match self.value {
            Value::None => Ok(()),
            _ => Err(Error::new(self.name.span(), format!("`{}` takes no value", self.name))),
        }
    }

    fn expression(&self) -> Result<Box<Expr>> {
        match &self.value {
            Value::Other(expression) => Ok(expression.clone()),
            _ => Err(self.error("is a `bool`: `", " = false`")),
        }
    }

    fn time(&self) -> Result<Time> {
        match &self.value {
            Value::Other(expression) if !matches!(**expression, Expr::Lit(_)) => {
                Ok(Time::Duration(expression.clone()))
            }
            Value::Text(text) => duration::parse(&text.value())
                .map(Time::Milliseconds)
                .map_err(|message| Error::new(text.span(), message)),
            _ => Err(self.error("is a string or a `Duration`: `", " = \"5m\"`")),
        }
    }

    fn error(&self, before: &str, after: &str) -> Error {
        let name = &self.name;
        Error::new(name.span(), format!("`{name}` {before}{name}{after}"))
    }
}

/// The arguments, each known and given once.
fn arguments(input: ParseStream<'_>, attribute: &str, known: &[&str]) -> Result<Vec<Argument>> {
    let arguments: Vec<_> =
        Punctuated::<Argument, Token![,]>::parse_terminated(input)?.into_iter().collect();
    for (index, Argument { name, .. }) in arguments.iter().enumerate() {
        if !known.iter().any(|known| name == known) {
            let known = known.join("`, `");
            let message = format!("unknown option `{name}`: `{attribute}` takes `{known}`");
            return Err(Error::new(name.span(), message));
        }
        if arguments[..index].iter().any(|earlier| earlier.name == *name) {
            return Err(Error::new(name.span(), format!("`{name}` is given twice")));
        }
    }
    Ok(arguments)
}

impl Parse for Cacheable {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let known = [
            "key",
            "ttl",
            "fresh_for",
            "tags",
            "max_wait",
            "retry_after",
            "stale_if_error",
            "strict",
            "shared",
        ];
        let arguments = arguments(input, "cacheable", &known)?;
        let find = |name: &str| arguments.iter().find(|argument| argument.name == name);
        let time = |name| find(name).map(Argument::time).transpose();
        let flag = |name| find(name).map(Argument::flag).transpose();

        let cacheable = Self {
            key: find("key").map(Argument::template).transpose()?,
            tags: find("tags").map(Argument::templates).transpose()?.unwrap_or_default(),
            ttl: time("ttl")?,
            fresh_for: time("fresh_for")?,
            max_wait: time("max_wait")?,
            retry_after: time("retry_after")?,
            stale_if_error: find("stale_if_error").map(Argument::expression).transpose()?,
            strict: flag("strict")?.is_some(),
            shared: flag("shared")?.is_some(),
        };
        if let (Some(Time::Milliseconds(ttl)), Some(Time::Milliseconds(fresh)), Some(argument)) =
            (&cacheable.ttl, &cacheable.fresh_for, find("fresh_for"))
            && fresh > ttl
        {
            let message = "the entry would be fresh for longer than it lives (`ttl`)";
            return Err(Error::new(argument.text()?.span(), message));
        }
        Ok(cacheable)
    }
}

impl Parse for Evict {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let arguments = arguments(input, "cache_evict", &["key", "tags", "all"])?;
        let find = |name: &str| arguments.iter().find(|argument| argument.name == name);

        if let Some(all) = find("all") {
            all.flag()?;
            if arguments.len() > 1 {
                let message = "`all` evicts everything: it goes with no other option";
                return Err(Error::new(all.name.span(), message));
            }
            return Ok(Self::All);
        }
        let key = find("key").map(Argument::template).transpose()?;
        let tags = find("tags").map(Argument::templates).transpose()?.unwrap_or_default();
        if key.is_none() && tags.is_empty() {
            let message =
                "`cache_evict` needs to know what: `key = \"…\"`, `tags = [\"…\"]` or `all`";
            return Err(Error::new(Span::call_site(), message));
        }
        Ok(Self::Some { key, tags })
    }
}
