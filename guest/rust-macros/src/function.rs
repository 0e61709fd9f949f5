//! The function under an attribute, and what becomes of it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Error, FnArg, ItemFn, PatIdent, Result, ReturnType, TypeImplTrait};

use crate::arguments::{Cacheable, Evict};
use crate::template::{Scope, Template};

/// A function that can be wrapped.
pub(crate) struct Function {
    item: ItemFn,
    arguments: Vec<Ident>,
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
        let mut arguments = Names(Vec::new());
        for argument in &signature.inputs {
            match argument {
                FnArg::Receiver(receiver) => arguments.0.push(receiver.self_token.into()),
                FnArg::Typed(typed) => arguments.visit_pat(&typed.pat),
            }
        }
        Ok(Self { arguments: arguments.0, item })
    }
}

impl Function {
    pub(crate) fn cacheable(&self, arguments: &Cacheable) -> Result<TokenStream> {
        if self.item.sig.receiver().is_some() && !arguments.shared && !arguments.key.names_self() {
            let message = "the key of a method names nothing of `self`, so two objects would share \
                           an entry: name what tells them apart, such as `{self.name}`, or add \
                           `shared` if all objects share the method's entries";
            return Err(Error::new(arguments.key.span(), message));
        }
        let key = self.expand(&arguments.key)?;
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
        if !tags.is_empty() {
            options.extend(quote!(.tags([#(#tags?),*])));
        }
        Ok(self.wrap(
            &quote!((::std::string::String, ::spakky_cache::Options)),
            &quote!((#key?, #options)),
            |prepared, body| quote!({
                // Its `kind` is used only where the type has none.
                #[allow(unused_imports)]
                use ::spakky_cache::__private::Any as _;
                ::spakky_cache::__private::Returns::of(&#body).kind().cacheable(#prepared, #body)
            }),
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

    fn expand(&self, template: &Template) -> Result<TokenStream> {
        template
            .expand(&Scope::Arguments { function: &self.item.sig.ident, names: &self.arguments })
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
