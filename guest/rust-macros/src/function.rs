//! The function under an attribute, and what becomes of it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Error, FnArg, ItemFn, Pat, PatIdent, Result, ReturnType, TypeImplTrait};

use crate::arguments::{Cacheable, Evict};
use crate::template::{Arguments, Scope, Template, default_key};

/// A function that can be wrapped.
pub(crate) struct Function {
    item: ItemFn,
    arguments: Arguments,
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let item: ItemFn = input.parse().map_err(|error| {
            Error::new(
                error.span(),
                format!("{error}; the attribute goes on a function with a body"),
            )
        })?;
        let signature = &item.sig;
        if let Some(keyword) = &signature.asyncness {
            let message = "an `async` function: the contract is synchronous, and a component that \
                           waits is suspended by its host";
            return Err(Error::new_spanned(keyword, message));
        }
        if let Some(keyword) = &signature.constness {
            return Err(Error::new_spanned(keyword, "a `const` function cannot ask the cache"));
        }
        let ReturnType::Type(_, returned) = &signature.output else {
            let message = "this function returns nothing: one that is cached returns a value, \
                           and one that evicts a `Result<T, E>`, since the cache can fail";
            return Err(Error::new_spanned(&signature.ident, message));
        };
        let mut hidden = HiddenTypes(None);
        hidden.visit_type(returned);
        if let Some(error) = hidden.0 {
            return Err(error);
        }
        let mut names = Names(Vec::new());
        let mut positions = Vec::new();
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => names.0.push(receiver.self_token.into()),
                FnArg::Typed(typed) => {
                    names.visit_pat(&typed.pat);
                    positions.push(match &*typed.pat {
                        Pat::Ident(PatIdent { ident, .. }) => Some(ident.clone()),
                        _ => None,
                    });
                }
            }
        }
        let function = signature.ident.clone();
        Ok(Self { arguments: Arguments { function, names: names.0, positions }, item })
    }
}

impl Function {
    pub(crate) fn cacheable(&self, arguments: &Cacheable) -> Result<TokenStream> {
        let key = &arguments.key;
        let names_self = key.as_ref().is_some_and(Template::names_self);
        if self.item.sig.receiver().is_some() && !arguments.shared && !names_self {
            let message = "the key of a method names nothing of `self`, so two objects would share \
                           an entry: name what tells them apart, such as `{self.name}`, or add \
                           `shared` if all objects share the method's entries";
            let span = key.as_ref().map_or_else(|| self.arguments.function.span(), Template::span);
            return Err(Error::new(span, message));
        }
        let key = match key {
            Some(key) => self.expand(key)?,
            None => self.default_key()?,
        };
        let tags = self.expand_all(&arguments.tags)?;
        let mut options = quote!(::spakky_cache::Options::forever());
        if let Some(ttl) = &arguments.ttl {
            options = quote!(::spakky_cache::Options::ttl(#ttl));
        }
        if let Some(fresh_for) = &arguments.fresh_for {
            options.extend(quote!(.fresh_for(#fresh_for)));
        }
        if let Some(max_wait) = &arguments.max_wait {
            options.extend(quote!(.max_wait(#max_wait)));
        }
        if let Some(retry_after) = &arguments.retry_after {
            options.extend(quote!(.retry_after(#retry_after)));
        }
        if let Some(stale_if_error) = &arguments.stale_if_error {
            options.extend(quote!(.stale_if_error(#stale_if_error)));
        }
        if arguments.strict {
            options.extend(quote!(.strict(true)));
        }
        if !tags.is_empty() {
            options.extend(quote!(.tags([#(#tags?),*])));
        }
        Ok(self.wrap(
            &quote!((::std::string::String, ::spakky_cache::Options)),
            &quote!((#key?, #options)),
            |prepared, body| {
                quote!({
                    // Their `kind`s are used only where the type has none.
                    #[allow(unused_imports)]
                    use ::spakky_cache::__private::{Any as _, AnyResult as _};
                    (&::spakky_cache::__private::Returns::of(&#body))
                        .kind()
                        .cacheable(#prepared, #body)
                })
            },
        ))
    }

    pub(crate) fn cache_evict(&self, arguments: &Evict) -> Result<TokenStream> {
        let evict = match arguments {
            Evict::All => quote!(::spakky_cache::__private::Evict::All),
            Evict::Some { key, tags } => {
                let key = if let Some(key) = key {
                    let key = self.expand(key)?;
                    quote!(::core::option::Option::Some(#key?))
                } else {
                    quote!(::core::option::Option::None)
                };
                let tags = self.expand_all(tags)?;
                quote!(::spakky_cache::__private::Evict::Some {
                    key: #key,
                    tags: ::std::vec![#(#tags?),*],
                })
            }
        };
        Ok(self.wrap(
            &quote!(::spakky_cache::__private::Evict),
            &evict,
            |prepared, body| quote!(::spakky_cache::__private::cache_evict(#prepared, #body)),
        ))
    }

    /// The function with its body in a closure that `end` is given as `body`, with
    /// `prepared`, which is made of the arguments before the body can move them.
    fn wrap(
        &self,
        call_type: &TokenStream,
        call: &TokenStream,
        end: impl FnOnce(&Ident, &Ident) -> TokenStream,
    ) -> TokenStream {
        let ItemFn { attrs, vis, sig, block } = &self.item;
        let output = &sig.output;
        // Hygienic, so that the function's body does not see them.
        let prepared = Ident::new("prepared", Span::mixed_site());
        let body = Ident::new("body", Span::mixed_site());
        let end = end(&prepared, &body);
        quote! {
            #(#attrs)*
            #vis #sig {
                let #prepared = (|| -> ::core::result::Result<#call_type, ::spakky_cache::Error> {
                    ::core::result::Result::Ok(#call)
                })();
                let #body = || #output #block;
                #end
            }
        }
    }

    fn default_key(&self) -> Result<TokenStream> {
        let typed = self.item.sig.inputs.iter().filter_map(|argument| match argument {
            FnArg::Typed(typed) => Some(&typed.pat),
            FnArg::Receiver(_) => None,
        });
        let names = self.arguments.positions.iter().zip(typed).map(|(name, pattern)| {
            name.clone().ok_or_else(|| {
                let message = "without a template, the key is made of the arguments, and this one \
                               has no name: name it, or write `key = \"…\"`";
                Error::new_spanned(pattern, message)
            })
        });
        Ok(default_key(&names.collect::<Result<Vec<_>>>()?))
    }

    fn expand(&self, template: &Template) -> Result<TokenStream> {
        template.expand(&Scope::Arguments(&self.arguments))
    }

    fn expand_all(&self, templates: &[Template]) -> Result<Vec<TokenStream>> {
        templates.iter().map(|template| self.expand(template)).collect()
    }
}

/// Every name that a pattern binds.
struct Names(Vec<Ident>);

impl<'ast> Visit<'ast> for Names {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.push(pattern.ident.clone());
        visit::visit_pat_ident(self, pattern);
    }
}

/// `impl Trait` in a return type, which the closure around the body cannot have.
struct HiddenTypes(Option<Error>);

impl<'ast> Visit<'ast> for HiddenTypes {
    fn visit_type_impl_trait(&mut self, found: &'ast TypeImplTrait) {
        let message = "a value of a type that is not named cannot be read back from the cache";
        self.0.get_or_insert_with(|| Error::new_spanned(found.to_token_stream(), message));
    }
}
