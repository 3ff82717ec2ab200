//! Provides the code that a decorated function becomes.
//!
//! What is generated stays short, because people read it: it names the function,
//! captures what its options ask for, and leaves the rest to the tracer's hidden
//! module.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, Ident, ReceiverKind, Result, Type};

use crate::args::{Args, Err};
use crate::function::{Function, Returns};

/// The attribute that is being expanded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Attribute {
    Agent,
    Runtime,
    Env,
    /// The attribute of the first tracing system.
    Event,
}

pub(crate) fn expand(
    attribute: Attribute,
    args: &Args,
    function: &Function,
) -> Result<TokenStream> {
    check(attribute, args, function)?;
    let begin = begin(attribute, args, function);
    let end = end(args, function);
    let body = &function.body;
    let statements = &body.stmts;
    // With `state_after` the receiver is looked at once the body is through with
    // it, so the body may only borrow.
    let movement = args.state_after.is_none().then(|| quote!(move));
    let (call, result) = (local("__call"), local("__result"));
    let body = match function.returns() {
        Returns::Value(value) => quote! {
            let mut #call = #begin;
            let #result = ::tracer::__macro::run(&mut #call, #movement || -> #value #body);
            #end
        },
        Returns::Async(value) => quote! {
            let mut #call = #begin;
            let #result = ::tracer::__macro::run_async(&mut #call, async #movement {
                if false {
                    return ::tracer::__macro::typed::<#value>();
                }
                #(#statements)*
            }).await;
            #end
        },
        Returns::Future { future, is_boxed } => {
            let traced = quote! {
                async move {
                    let mut #call = #begin;
                    let #result = ::tracer::__macro::run_async(&mut #call, async #movement {
                        ::tracer::__macro::once(#movement || -> #future #body).await
                    }).await;
                    #end
                }
            };
            if is_boxed {
                quote!(::std::boxed::Box::pin(#traced))
            } else {
                traced
            }
        }
    };
    Ok(function.with_body(&body))
}

/// Refuses options that do not fit the function.
fn check(attribute: Attribute, args: &Args, function: &Function) -> Result<()> {
    let parameters = function.parameters();
    for name in &args.skip {
        if name == "self" {
            return Err(Error::new(
                name.span(),
                "`self` is never captured: `skip` is for arguments",
            ));
        }
        if !parameters.contains(name) {
            let message = format!("the function has no argument `{name}` that could be skipped");
            return Err(Error::new(name.span(), message));
        }
    }
    if function.receiver().is_none() {
        for (option, filter) in [
            (&args.state_before, "the arguments with `state_filter`"),
            (&args.state_after, "the result with `result_filter`"),
        ] {
            if let Some(option) = option {
                let message = format!(
                    "this is called with `self`, which the function does not have: look at {filter}"
                );
                return Err(Error::new_spanned(option, message));
            }
        }
    }
    if let Returns::Value(Type::Never(never)) | Returns::Async(Type::Never(never)) =
        function.returns()
    {
        let message = "a function that never returns cannot be traced: trace what it calls";
        return Err(Error::new_spanned(never, message));
    }
    match (attribute, &args.event_type) {
        (Attribute::Event, None) => Err(Error::new(
            Span::call_site(),
            "expected `#[trace_event(event_type = \"…\")]`",
        )),
        (Attribute::Event, Some(_)) | (_, None) => Ok(()),
        (_, Some(event_type)) => Err(Error::new(
            event_type.span(),
            "`event_type` belongs to `#[trace_event]`: the attribute's own name says the type here",
        )),
    }
}

/// `::tracer::__macro::begin(|| …)`
fn begin(attribute: Attribute, args: &Args, function: &Function) -> TokenStream {
    let kind = match attribute {
        Attribute::Agent => quote!(Cais),
        Attribute::Env => quote!(Environment),
        Attribute::Runtime | Attribute::Event => quote!(Runtime),
    };
    let name = match &args.name {
        Some(name) => quote!(#name),
        None => {
            let name = ident_text(&function.signature.ident);
            quote!(#name)
        }
    };
    let event_type = args.event_type.iter().map(|it| quote!(.event_type(#it)));
    let system = args.system_id.iter().map(|it| {
        // The closure is the macro's own: lints of closures are not about it.
        let here = Span::mixed_site().located_at(it.span());
        quote_spanned!(here=> .system(|| #it))
    });
    let captured = args.captures_args().then(|| {
        let captured = function
            .parameters()
            .into_iter()
            .filter(|name| !args.skip.contains(name));
        let captured = captured.map(|name| {
            let text = ident_text(&name);
            quote_spanned!(name.span()=> (#text, ::tracer::__macro::capture(&#name)))
        });
        quote!(.args([#(#captured),*]))
    });
    let filter = args
        .state_filter
        .iter()
        .map(|it| quote_spanned!(it.span()=> .filter(#it)));
    let receiver = receiver(function);
    let state = args
        .state_before
        .iter()
        .map(|it| quote_spanned!(it.span()=> .state(#receiver, #it)));
    let metadata = args.metadata.iter().map(|it| called("metadata", it));
    let message = args.message.iter().map(|it| called("message", it));
    let auto_timestep = args.auto_timestep.then(|| quote!(.auto_timestep()));
    quote! {
        ::tracer::__macro::begin(|| {
            ::tracer::__macro::Site::new(::tracer::__macro::EventKind::#kind, #name)
                #(#event_type)* #(#system)* #captured #(#filter)* #(#state)*
                #(#metadata)* #(#message)* #auto_timestep
        })
    }
}

/// `.metadata(f)` and `.message(f)`, whose functions see the call once it is over.
fn called(option: &str, function: &Expr) -> TokenStream {
    let option = Ident::new(option, function.span());
    let called = local("__called");
    quote_spanned! {function.span()=>
        .#option(|#called| ::tracer::__macro::#option(#called, #function))
    }
}

/// `::tracer::__macro::end(__call, |__call| …); __result`
fn end(args: &Args, function: &Function) -> TokenStream {
    let output = function.signature.output.span();
    let (call, result) = (local("__call"), local("__result"));
    let (value, error) = (local("__value"), local("__error"));
    let capture = if !args.captures_result() {
        None
    } else if let Some(filter) = &args.result_filter {
        Some(quote_spanned! {filter.span()=>
            #call.result(::tracer::__macro::filter(#value, #filter));
        })
    } else {
        let (here, value) = located(&value, output);
        Some(quote_spanned!(here=> #call.result(::tracer::__macro::capture(#value));))
    };
    let split = match &args.err {
        Err::Detect => quote! {{
            use ::tracer::__macro::{SplitDebug as _, SplitDisplay as _, SplitPlain as _};
            (&&&::tracer::__macro::Probe(&#result)).split()
        }},
        Err::Require(span) => {
            let (here, result) = located(&result, *span);
            quote_spanned! {here=>
                ::tracer::__macro::split(&#result, ::std::string::ToString::to_string)
            }
        }
        Err::Describe(describe) => quote_spanned! {describe.span()=>
            ::tracer::__macro::split(&#result, #describe)
        },
        Err::Ignore => quote!(::core::result::Result::Ok(&#result)),
    };
    let receiver = receiver(function);
    let state = args
        .state_after
        .iter()
        .map(|it| quote_spanned!(it.span()=> #call.state(#receiver, #it);));
    let value = if capture.is_some() {
        quote!(#value)
    } else {
        quote!(_)
    };
    quote! {
        ::tracer::__macro::end(#call, |#call| {
            match #split {
                ::core::result::Result::Ok(#value) => { #capture }
                ::core::result::Result::Err(#error) => #call.error(#error),
            }
            #(#state)*
        });
        #result
    }
}

/// A variable of the generated code, which one of the same name in the function is not.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A variable of the generated code as the compiler is to speak of it, and the place it is
/// to name. Both are of the macro, since it names the whole macro where some are not.
fn located(local: &Ident, place: Span) -> (Span, Ident) {
    let here = local.span().located_at(place);
    (here, Ident::new(&local.to_string(), here))
}

/// A shared reference to what the method is called on.
fn receiver(function: &Function) -> Option<TokenStream> {
    function.receiver().map(|receiver| {
        if matches!(receiver.kind, ReceiverKind::Value) {
            quote!(&self)
        } else {
            quote!(&*self)
        }
    })
}

/// An identifier as people write it, without the `r#` of raw ones.
fn ident_text(ident: &Ident) -> String {
    use syn::ext::IdentExt;
    ident.unraw().to_string()
}
