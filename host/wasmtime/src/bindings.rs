//! Bindings of the contract in `wit/`, except for `cache`: that one is linked by
//! hand, so that values are `Bytes`.

// Generated code.
#![allow(clippy::all, clippy::pedantic, unreachable_pub)]

wasmtime::component::bindgen!({
    path: "../../wit",
    inline: "
        package spakky:host;
        world host {
            import spakky:cache/types@0.1.0;
            import spakky:cache/config@0.1.0;
            import spakky:cache/actuator@0.1.0;
        }
    ",
    imports: { default: async | trappable },
    require_store_data_send: true,
});
