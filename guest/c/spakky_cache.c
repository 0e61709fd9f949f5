/*
 * The library in one source: what a program compiles beside its own. Its parts are in
 * src/, by topic; bindings/ is made of the contract. clang compiles it, as no other
 * compiler knows the target.
 */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything" /* what is generated is the generator's */
#include "bindings/imports.c"
#pragma clang diagnostic pop

#include "src/cache.c"
#include "src/cached.c"
#include "src/contract.c"
#include "src/decode.c"
#include "src/encode.c"
#include "src/key.c"
#include "src/lease.c"
#include "src/load.c"
#include "src/options.c"
#include "src/report.c"
#include "src/tagged.c"
#include "src/text.c"
