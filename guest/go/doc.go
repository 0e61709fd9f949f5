// Package cache is a typed cache for WebAssembly components, shared by the whole
// fleet: read, write, tags, and "load this once, everywhere". The host keeps the
// connection to Redis, the locks and the clock.
//
//	name, err := cache.GetOrLoad("user:7", cache.TTL(5*time.Minute), func() (string, error) {
//		return db.NameOf(7)
//	})
//
// # Values
//
// A value is stored as CBOR (RFC 8949), so what a component in one language stores, a
// component in another reads. Structs are maps, whose names the tags `cbor` and `json`
// set. A nil slice or map is an empty one; a nil pointer or any is null, which is a
// value like any other: reading it is a hit.
//
// Integers have 64 bits and a sign of their own: those beyond int64 and uint64 are
// [math/big.Int]. Into an any, an integer is read as int64, or as *big.Int where that
// is too small, a float as float64, bytes as []byte, an array as []any and a map as
// map[string]any, or as map[any]any if not all its keys are text, where keys that are bytes are
// [github.com/fxamacker/cbor/v2.ByteString].
//
// A [time.Time] is stored as its instant, whatever its location, and comes back in UTC. A zero
// time in an any or behind a pointer is refused: there, nil is the absence of one. [UUID],
// [Decimal] and [SetOf] are stored as what they are, and read into an any as UUID, Decimal and
// SetOf[any].
//
// A value comes back as it was, or its type is refused before it is loaded or written, by
// the path of the field: [ErrSerialization]. A type with MarshalText, MarshalBinary or
// MarshalCBOR, and the method that reads it, is stored by these; so is a type of one's own
// made storable, with [Encode] and [Decode] in them.
//
// No number is changed on the way: one that its variable cannot hold exactly, such as
// 2^53+1 in a float64, 1.0 in an int or null in a string, is [ErrSerialization]. So is
// a value outside the profile that wit/VALUES.md defines: a cycle, text that is not UTF-8,
// more than 128 levels.
//
// # Keys
//
// [Key], [Cacheable] and [CacheEvict] make keys by the table in wit/KEYS.md, which is the
// same in every language. A number is bare, and a text is escaped where it would end its
// place (% is %25, : is %3A) or spells a value of another type ("7" is %37). No template
// has two placeholders without a : between them. So two different lists of arguments never
// make one key, and a key made here is the key made by other languages' libraries. A value
// with a method MarshalText or String is that text, and makes the key of the text.
//
// # Errors
//
// Every failure of the cache is an [*Error], and a miss is none. A loader's or
// writer's own error comes back as it is.
//
// # Outside a component
//
// Compiled for any other target than wasip1, there is no host, and operations answer
// [ErrUnavailable]. Functions that are given to the cache can be tested as they are.
package cache
