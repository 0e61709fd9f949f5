package cache

import (
	"time"

	"spakky/cache/internal/host"
)

// Counts are what happened since the host started, for this component's cache.
type Counts struct {
	// Hits: reads answered with a value.
	Hits uint64
	// Misses: reads answered with none: one for a load, however long it takes.
	Misses uint64
	// Writes: entries stored.
	Writes uint64
	// Deletes that found an entry.
	Deletes uint64
	// Clears: calls of [Clear].
	Clears uint64
	// TagEvictions: calls of [EvictTags] that named a tag.
	TagEvictions uint64
	// StampedeWaits: lookups that waited for another caller's load.
	StampedeWaits uint64
	// Rejections: lookups that met the entry that would not do.
	Rejections uint64
}

// Metrics are the counts as they stand.
func Metrics() Counts { return Counts(host.Metrics()) }

// Settings are what a component may know of how its cache is set up. Never a
// credential.
type Settings struct {
	// Host is the name or address of the backend; empty where the store is in the
	// host.
	Host string
	// Port of the backend; 0 where the store is in the host.
	Port uint16
	// DB is the number of the database.
	DB uint32
	// UseSSL: the connection is encrypted.
	UseSSL bool
	// KeyPrefix is what every key of this cache begins with, in the backend.
	KeyPrefix string
	// SocketTimeout is the longest that one operation of the backend may take.
	SocketTimeout time.Duration
	// Scheme is redis or rediss; embedded where the store is in the host.
	Scheme string
	// ConnectionURL is scheme, host, port and database, without credentials.
	ConnectionURL string
}

// Config are the settings in force.
func Config() Settings {
	found := host.Config()
	return Settings{
		Host:          found.Host,
		Port:          found.Port,
		DB:            found.DB,
		UseSSL:        found.UseSSL,
		KeyPrefix:     found.KeyPrefix,
		SocketTimeout: milliseconds(found.SocketTimeoutMS),
		Scheme:        found.Scheme,
		ConnectionURL: found.ConnectionURL,
	}
}

// Endpoint is what is asked about: one of the three below.
type Endpoint struct{ number uint8 }

// What can be asked about.
var (
	// EndpointHealth: is all well?
	EndpointHealth = Endpoint{0}
	// EndpointReadiness: can it serve now?
	EndpointReadiness = Endpoint{1}
	// EndpointLiveness: is it alive, or should it be restarted?
	EndpointLiveness = Endpoint{2}
)

// String is the endpoint's name.
func (e Endpoint) String() string {
	return [...]string{"health", "readiness", "liveness"}[e.number]
}

// Detail is one value of a report: a string, an int64, a float64 or a bool.
type Detail = host.Detail

// ComponentHealth is what one component reports of itself.
type ComponentHealth struct {
	// Name is unique in a report.
	Name    string
	Healthy bool
	// Required: this component being unhealthy makes the whole unhealthy.
	Required bool
	// Details are more about it.
	Details []Detail
}

// HealthReport is the whole, and its parts.
type HealthReport struct {
	// Endpoint is what was asked about.
	Endpoint Endpoint
	// Healthy, unless a required component is not.
	Healthy bool
	// Components are sorted by name.
	Components []ComponentHealth
}

// Health is that of the host, its cache, and every component that it loaded.
func Health(endpoint Endpoint) HealthReport {
	found := host.Health(endpoint.number)
	report := HealthReport{Endpoint: Endpoint{found.Endpoint}, Healthy: found.Status == healthy}
	for _, component := range found.Components {
		report.Components = append(report.Components, ComponentHealth{
			Name:     component.Name,
			Healthy:  component.Status == healthy,
			Required: component.Required,
			Details:  component.Details,
		})
	}
	return report
}

// healthy is the contract's first health-status.
const healthy = 0

// InfoGroup is values that belong together, such as redis_cache.
type InfoGroup = host.Group

// InfoSection is what one contributor adds to the info, such as redis-cache-metrics.
type InfoSection = host.Section

// Info is what the host, its cache and its components say of themselves, sorted by
// name.
func Info() []InfoSection { return host.Info() }
