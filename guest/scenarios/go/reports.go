package main

import (
	"encoding/json"

	"spakky/cache"
)

func counts() object {
	counts := cache.Metrics()
	return object{
		"hits":           counts.Hits,
		"misses":         counts.Misses,
		"writes":         counts.Writes,
		"deletes":        counts.Deletes,
		"clears":         counts.Clears,
		"tag_evictions":  counts.TagEvictions,
		"stampede_waits": counts.StampedeWaits,
	}
}

func settings() object {
	config := cache.Config()
	return object{
		"host":              config.Host,
		"port":              config.Port,
		"db":                config.DB,
		"use_ssl":           config.UseSSL,
		"key_prefix":        config.KeyPrefix,
		"socket_timeout_ms": config.SocketTimeout.Milliseconds(),
		"scheme":            config.Scheme,
		"connection_url":    config.ConnectionURL,
	}
}

func asEndpoint(text json.RawMessage) (cache.Endpoint, error) {
	name, err := asText(text)
	for _, endpoint := range []cache.Endpoint{cache.EndpointHealth, cache.EndpointReadiness, cache.EndpointLiveness} {
		if endpoint.String() == name {
			return endpoint, err
		}
	}
	return cache.Endpoint{}, protocol("`" + name + "` is no endpoint")
}

func report(report cache.HealthReport) (any, error) {
	components := make([]any, len(report.Components))
	for i, component := range report.Components {
		details, err := details(component.Details)
		if err != nil {
			return nil, err
		}
		components[i] = object{
			"name":     component.Name,
			"status":   status(component.Healthy),
			"required": component.Required,
			"details":  details,
		}
	}
	return object{
		"endpoint":   report.Endpoint.String(),
		"status":     status(report.Healthy),
		"components": components,
	}, nil
}

func sections(sections []cache.InfoSection) (any, error) {
	all := make([]any, len(sections))
	for i, section := range sections {
		groups := make([]any, len(section.Groups))
		for i, group := range section.Groups {
			entries, err := details(group.Entries)
			if err != nil {
				return nil, err
			}
			groups[i] = object{"name": group.Name, "entries": entries}
		}
		all[i] = object{"name": section.Name, "groups": groups}
	}
	return all, nil
}

func status(healthy bool) string {
	if healthy {
		return "healthy"
	}
	return "unhealthy"
}

func details(details []cache.Detail) (object, error) {
	made := object{}
	for _, detail := range details {
		var err error
		if made[detail.Name], err = toJSON(detail.Value); err != nil {
			return nil, err
		}
	}
	return made, nil
}
