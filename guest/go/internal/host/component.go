//go:build wasip1

package host

import (
	"strings"

	actuator "spakky/cache/internal/bindings/spakky_cache_actuator"
	actuatortypes "spakky/cache/internal/bindings/spakky_cache_actuator_types"
	cache "spakky/cache/internal/bindings/spakky_cache_cache"
	config "spakky/cache/internal/bindings/spakky_cache_config"
	types "spakky/cache/internal/bindings/spakky_cache_types"
	"spakky/cache/internal/fault"
	"spakky/cache/internal/wit/runtime"
	wit "spakky/cache/internal/wit/types"
)

// Lease is the right to fill one key.
type Lease struct {
	handle  *cache.Lease
	loading *Loading
}

func (l *Lease) current() *Loading { return l.loading }

// Get hands the value of key to use, if there is one. What use gets is gone when it
// returns, as is what every other function here hands on.
func Get(key string, use func([]byte) error) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	var result wit.Result[wit.Option[[]uint8], types.Error]
	area := runtime.Receive(func() { result = cache.Get(key) })
	defer area.Release()
	if result.IsErr() {
		return false, failure(result.Err())
	}
	found := result.Ok()
	if found.IsNone() {
		return false, nil
	}
	return true, use(found.Some())
}

// GetMany hands the values that there are to use, with the place of their key. The error
// is the first of those of the keys and of use.
func GetMany(keys []string, use func(int, []byte) error) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	return each(func() batch[wit.Option[[]uint8]] { return cache.GetMany(keys) },
		func(place int, found wit.Option[[]uint8]) error {
			if found.IsNone() {
				return nil
			}
			return use(place, found.Some())
		})
}

// Set stores an entry.
func Set(key string, value []byte, options Options) error {
	if err := checkKey(key); err != nil {
		return err
	}
	made, err := entry(options)
	if err != nil {
		return err
	}
	return unit(func() wit.Result[wit.Unit, types.Error] { return cache.Set(key, value, made) })
}

// SetMany stores entries that share their options.
func SetMany(entries []Entry, options Options) error {
	tuples := make([]wit.Tuple2[string, []uint8], len(entries))
	for i, entry := range entries {
		if err := checkKey(entry.Key); err != nil {
			return err
		}
		tuples[i] = wit.Tuple2[string, []uint8]{F0: entry.Key, F1: entry.Value}
	}
	made, err := entry(options)
	if err != nil {
		return err
	}
	return each(func() batch[wit.Unit] { return cache.SetMany(tuples, made) },
		func(int, wit.Unit) error { return nil })
}

// Delete removes an entry.
func Delete(key string) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	return value(func() wit.Result[bool, types.Error] { return cache.Delete(key) })
}

// DeleteMany removes entries.
func DeleteMany(keys []string) (uint64, error) {
	if err := checkKeys(keys); err != nil {
		return 0, err
	}
	var count uint64
	err := each(func() batch[bool] { return cache.DeleteMany(keys) }, func(_ int, existed bool) error {
		if existed {
			count++
		}
		return nil
	})
	return count, err
}

// EvictTags evicts every entry that has one of tags.
func EvictTags(tags []string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	return unit(func() wit.Result[wit.Unit, types.Error] { return cache.EvictTags(tags) })
}

// Clear evicts everything.
func Clear() error { return unit(cache.Clear) }

// Describe is what is known of an entry without its value, or nil.
func Describe(key string) (*Description, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var result wit.Result[wit.Option[cache.EntryInfo], types.Error]
	area := runtime.Receive(func() { result = cache.Describe(key) })
	defer area.Release()
	if result.IsErr() {
		return nil, failure(result.Err())
	}
	if result.Ok().IsNone() {
		return nil, nil
	}
	found := result.Ok().Some()
	made := &Description{
		Version:    found.Version,
		AgeMS:      found.Age,
		FreshForMS: pointer(found.FreshFor),
		TTLMS:      pointer(found.Ttl),
		Size:       found.Size,
		LoadTimeMS: found.LoadTime,
	}
	for _, tag := range found.Tags {
		made.Tags = append(made.Tags, strings.Clone(tag))
	}
	return made, nil
}

// Lookup finds key, and hands what it found and its value to use, or makes this caller its
// loader. With [fault.LeaseHeld] comes what another goroutine, or this one, is loading, if
// it is known.
func Lookup(key string, options LookupOptions, use func(*Found, []byte)) (Found, *Loading, error) {
	if err := checkKey(key); err != nil {
		return Found{}, nil, err
	}
	if err := checkTags(options.Tags); err != nil {
		return Found{}, nil, err
	}
	asked := cache.LookupOptions{
		Tags: options.Tags, MaxWait: option(options.MaxWait), Unless: option(options.Unless), Strict: options.Strict,
	}
	var result wit.Result[cache.LookupResult, types.Error]
	var held *Loading
	var found Found
	var value []byte
	// No other goroutine calls the host until what it answered is noted here.
	area := runtime.Receive(func() {
		result = cache.Lookup(key, asked)
		if result.IsErr() {
			held = loading(key)
		} else {
			found, value = foundBy(key, result.Ok())
		}
	})
	defer area.Release()
	if result.IsErr() {
		return Found{}, held, failure(result.Err())
	}
	if found.State == Hit || found.State == Stale {
		used := false
		defer func() {
			// A decoder may panic.
			if !used {
				found.Lease.Drop()
			}
		}()
		use(&found, value)
		used = true
	}
	return found, nil, nil
}

// foundBy is what a lookup answered, with the value.
func foundBy(key string, result cache.LookupResult) (Found, []byte) {
	switch result.Tag() {
	case cache.LookupResult_Hit:
		entry := result.Hit()
		return Found{State: Hit, Version: entry.Version, AgeMS: entry.Age, Fresh: true}, entry.Value
	case cache.LookupResult_Stale:
		stale := result.Stale()
		made := Found{State: Stale, Version: stale.Entry.Version, AgeMS: stale.Entry.Age, Fresh: stale.Fresh}
		if stale.Refresh.IsSome() {
			made.Lease = &Lease{stale.Refresh.Some(), begin(key)}
		}
		return made, stale.Entry.Value
	case cache.LookupResult_Miss:
		return Found{State: Miss, Lease: &Lease{result.Miss(), begin(key)}}, nil
	}
	return Found{State: Pass}, nil
}

// BeginWrite removes key and takes its lease.
func BeginWrite(key string, tags []string) (*Lease, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := checkTags(tags); err != nil {
		return nil, err
	}
	var loading *Loading
	handle, err := value(func() wit.Result[*cache.Lease, types.Error] {
		result := cache.BeginWrite(key, tags)
		if result.IsOk() {
			loading = begin(key)
		}
		return result
	})
	if err != nil {
		return nil, err
	}
	return &Lease{handle, loading}, nil
}

// Commit stores the loaded value; the lease is still held.
func (l *Lease) Commit(content []byte, options Options) (bool, error) {
	made, err := entry(options)
	if err != nil {
		return false, err
	}
	return l.spend(func() wit.Result[bool, types.Error] { return l.handle.Commit(content, made) })
}

// Pass stores nothing, and lets everyone load without a lease for so many milliseconds.
func (l *Lease) Pass(milliseconds uint64) (bool, error) {
	return l.spend(func() wit.Result[bool, types.Error] { return l.handle.Pass(milliseconds) })
}

// Fail stores nothing, and lets nobody load again for so many milliseconds.
func (l *Lease) Fail(milliseconds uint64) (bool, error) {
	return l.spend(func() wit.Result[bool, types.Error] { return l.handle.Fail(milliseconds) })
}

// spend makes a call that may spend the lease, which is still held.
func (l *Lease) spend(call func() wit.Result[bool, types.Error]) (bool, error) {
	if l == nil || l.handle == nil {
		return false, nil
	}
	// Who waits looks again, whatever the outcome.
	defer l.loading.end()
	return value(call)
}

// Release gives the lease up, if that was not done before, and tells how that went.
func (l *Lease) Release() error {
	if l == nil || l.handle == nil {
		return nil
	}
	defer l.Drop()
	return unit(l.handle.Release)
}

// Drop gives the lease up, if that was not done before.
func (l *Lease) Drop() {
	if l != nil && l.handle != nil {
		l.handle.Drop()
		l.handle = nil
		l.loading.end()
	}
}

// Leak forgets the lease, which the host keeps until the component ends.
func (l *Lease) Leak() {
	if l != nil && l.handle != nil {
		l.handle.TakeHandle()
		l.handle = nil
		l.loading.end()
	}
}

// Metrics are the counts as they stand.
func Metrics() Counts {
	var counts cache.MetricsSnapshot
	runtime.Receive(func() { counts = cache.Metrics() }).Release()
	return Counts(counts)
}

// Config are the settings in force.
func Config() Settings {
	var found config.CacheConfig
	area := runtime.Receive(func() { found = config.Get() })
	defer area.Release()
	return Settings{
		Host:            strings.Clone(found.Host),
		Port:            found.Port,
		DB:              found.Db,
		UseSSL:          found.UseSsl,
		KeyPrefix:       strings.Clone(found.KeyPrefix),
		SocketTimeoutMS: found.SocketTimeout,
		Scheme:          strings.Clone(found.Scheme),
		ConnectionURL:   strings.Clone(found.ConnectionUrl),
	}
}

// Health asks every component that answers for endpoint.
func Health(endpoint uint8) Report {
	var found actuator.HealthReport
	area := runtime.Receive(func() { found = actuator.Health(endpoint) })
	defer area.Release()
	report := Report{Endpoint: found.Endpoint, Status: found.Status}
	for _, component := range found.Components {
		report.Components = append(report.Components, Component{
			Name:     strings.Clone(component.Name),
			Status:   component.Status,
			Required: component.Required,
			Details:  details(component.Details),
		})
	}
	return report
}

// Info is what the host and its components say of themselves.
func Info() []Section {
	var found []actuatortypes.InfoSection
	area := runtime.Receive(func() { found = actuator.Info() })
	defer area.Release()
	sections := make([]Section, 0, len(found))
	for _, section := range found {
		made := Section{Name: strings.Clone(section.Name)}
		for _, group := range section.Groups {
			made.Groups = append(made.Groups, Group{Name: strings.Clone(group.Name), Entries: details(group.Entries)})
		}
		sections = append(sections, made)
	}
	return sections
}

func details(found []wit.Tuple2[string, actuatortypes.Detail]) []Detail {
	made := make([]Detail, 0, len(found))
	for _, pair := range found {
		detail := Detail{Name: strings.Clone(pair.F0)}
		switch pair.F1.Tag() {
		case actuatortypes.Detail_Text:
			detail.Value = strings.Clone(pair.F1.Text())
		case actuatortypes.Detail_Integer:
			detail.Value = pair.F1.Integer()
		case actuatortypes.Detail_Number:
			detail.Value = pair.F1.Number()
		case actuatortypes.Detail_Flag:
			detail.Value = pair.F1.Flag()
		}
		made = append(made, detail)
	}
	return made
}

// value is for calls whose result is in the result itself.
func value[T any](call func() wit.Result[T, types.Error]) (T, error) {
	var result wit.Result[T, types.Error]
	area := runtime.Receive(func() { result = call() })
	defer area.Release()
	if result.IsErr() {
		var none T
		return none, failure(result.Err())
	}
	return result.Ok(), nil
}

func unit(call func() wit.Result[wit.Unit, types.Error]) error {
	_, err := value(call)
	return err
}

// batch is an answer for each key.
type batch[T any] = wit.Result[[]wit.Result[T, types.Error], types.Error]

// each hands what the host answered for each key to use, with its place. The error is the
// first; all keys are seen to.
func each[T any](call func() batch[T], use func(int, T) error) error {
	var result batch[T]
	area := runtime.Receive(func() { result = call() })
	defer area.Release()
	if result.IsErr() {
		return failure(result.Err())
	}
	var first error
	for place, answer := range result.Ok() {
		var err error
		if answer.IsErr() {
			err = failure(answer.Err())
		} else {
			err = use(place, answer.Ok())
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func entry(options Options) (types.EntryOptions, error) {
	made := types.EntryOptions{Ttl: option(options.TTL), FreshFor: option(options.FreshFor), Tags: options.Tags}
	return made, checkTags(options.Tags)
}

func option(milliseconds *uint64) wit.Option[uint64] {
	if milliseconds == nil {
		return wit.None[uint64]()
	}
	return wit.Some(*milliseconds)
}

func pointer(found wit.Option[uint64]) *uint64 {
	if found.IsNone() {
		return nil
	}
	return new(found.Some())
}

func failure(found types.Error) error {
	switch found.Tag() {
	case types.Error_InvalidTtl:
		return fault.Because(fault.InvalidTTL, strings.Clone(found.InvalidTtl()))
	case types.Error_InvalidKey:
		return fault.Because(fault.InvalidKey, strings.Clone(found.InvalidKey()))
	case types.Error_ValueTooLarge:
		return fault.Over(fault.ValueTooLarge, found.ValueTooLarge())
	case types.Error_LockTimeout:
		return fault.LockTimeout
	case types.Error_LeaseHeld:
		return fault.LeaseHeld
	case types.Error_LoadFailed:
		return fault.Until(fault.LoadFailed, found.LoadFailed())
	case types.Error_Unavailable:
		return fault.Unavailable
	case types.Error_Denied:
		return fault.Denied
	case types.Error_QuotaExceeded:
		return fault.Because(fault.QuotaExceeded, strings.Clone(found.QuotaExceeded()))
	case types.Error_Unsupported:
		return fault.Because(fault.Unsupported, strings.Clone(found.Unsupported()))
	default:
		return fault.OperationFailed
	}
}
