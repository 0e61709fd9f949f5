package main

import "spakky/cache"

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
		"rejections":     counts.Rejections,
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

var endpoints = map[string]cache.Endpoint{
	"health":    cache.EndpointHealth,
	"readiness": cache.EndpointReadiness,
	"liveness":  cache.EndpointLiveness,
}

func report(endpoint string) object {
	report := cache.Health(endpoints[endpoint])
	components := make([]object, len(report.Components))
	for i, component := range report.Components {
		components[i] = object{
			"name":     component.Name,
			"status":   status(component.Healthy),
			"required": component.Required,
			"details":  details(component.Details),
		}
	}
	return object{
		"endpoint":   report.Endpoint.String(),
		"status":     status(report.Healthy),
		"components": components,
	}
}

func sections() []object {
	all := []object{}
	for _, section := range cache.Info() {
		groups := make([]object, len(section.Groups))
		for i, group := range section.Groups {
			groups[i] = object{"name": group.Name, "entries": details(group.Entries)}
		}
		all = append(all, object{"name": section.Name, "groups": groups})
	}
	return all
}

func status(healthy bool) string {
	if healthy {
		return "healthy"
	}
	return "unhealthy"
}

func details(details []cache.Detail) object {
	made := object{}
	for _, detail := range details {
		made[detail.Name] = toJSON(detail.Value)
	}
	return made
}
