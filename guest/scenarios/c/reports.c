/* The steps that ask what the host tells. */
#include "play.h"
#include "values.h"

static void put_count(arena_t *arena, json_t *json, const char *name, uint64_t count) {
    json_put(arena, json, name, json_uint(arena, count));
}

static void put_text(arena_t *arena, json_t *json, const char *name, spakky_text_t text) {
    json_put(arena, json, name, json_text(arena, text));
}

json_t *op_metrics(play_t *play) {
    spakky_metrics_t counts = spakky_metrics();
    json_t *json = json_object(play->arena);
    put_count(play->arena, json, "hits", counts.hits);
    put_count(play->arena, json, "misses", counts.misses);
    put_count(play->arena, json, "writes", counts.writes);
    put_count(play->arena, json, "deletes", counts.deletes);
    put_count(play->arena, json, "clears", counts.clears);
    put_count(play->arena, json, "tag_evictions", counts.tag_evictions);
    put_count(play->arena, json, "stampede_waits", counts.stampede_waits);
    return answer_ok(play->arena, json);
}

json_t *op_config(play_t *play) {
    spakky_error_t error;
    spakky_config_t config;
    if (spakky_config(&config, &error) != SPAKKY_OK) {
        return answer_error(play->arena, &error, NULL, NULL);
    }
    json_t *json = json_object(play->arena);
    put_text(play->arena, json, "host", config.host);
    put_count(play->arena, json, "port", config.port);
    put_count(play->arena, json, "db", config.db);
    json_put(play->arena, json, "use_ssl", json_bool(play->arena, config.use_ssl));
    put_text(play->arena, json, "key_prefix", config.key_prefix);
    put_count(play->arena, json, "socket_timeout_ms", config.socket_timeout_ms);
    put_text(play->arena, json, "scheme", config.scheme);
    put_text(play->arena, json, "connection_url", config.connection_url);
    spakky_config_free(&config);
    return answer_ok(play->arena, json);
}

static json_t *details(arena_t *arena, const spakky_details_t *details) {
    json_t *json = json_object(arena);
    for (size_t i = 0; i < details->count; i++) {
        const spakky_detail_t *detail = &details->items[i];
        json_t *value = NULL;
        switch (detail->kind) {
        case SPAKKY_DETAIL_TEXT:
            value = json_text(arena, detail->text);
            break;
        case SPAKKY_DETAIL_INTEGER:
            value = json_int(arena, detail->integer);
            break;
        case SPAKKY_DETAIL_NUMBER:
            value = value_of_float(arena, detail->number);
            break;
        case SPAKKY_DETAIL_FLAG:
            value = json_bool(arena, detail->flag);
            break;
        }
        value->name = arena_copy(arena, detail->name);
        json_push(json, value);
    }
    return json;
}

static json_t *status(arena_t *arena, bool healthy) {
    return json_str(arena, healthy ? "healthy" : "unhealthy");
}

json_t *op_health(play_t *play) {
    static const char *const names[] = {[SPAKKY_HEALTH] = "health",
                                        [SPAKKY_READINESS] = "readiness",
                                        [SPAKKY_LIVENESS] = "liveness"};
    arena_t *arena = play->arena;
    spakky_error_t error;
    spakky_health_t health;
    spakky_text_t asked = step_text(play->step, "endpoint");
    spakky_endpoint_t endpoint = SPAKKY_HEALTH;
    while (!spakky_text_equal(asked, spakky_str(names[endpoint]))) {
        endpoint++;
    }
    if (spakky_health(endpoint, &health, &error) != SPAKKY_OK) {
        return answer_error(arena, &error, NULL, NULL);
    }
    json_t *components = json_array(arena);
    for (size_t i = 0; i < health.component_count; i++) {
        const spakky_component_t *component = &health.components[i];
        json_t *json = json_object(arena);
        put_text(arena, json, "name", component->name);
        json_put(arena, json, "status", status(arena, component->healthy));
        json_put(arena, json, "required", json_bool(arena, component->required));
        json_put(arena, json, "details", details(arena, &component->details));
        json_push(components, json);
    }
    json_t *report = json_object(arena);
    json_put(arena, report, "endpoint", json_str(arena, names[health.endpoint]));
    json_put(arena, report, "status", status(arena, health.healthy));
    json_put(arena, report, "components", components);
    spakky_health_free(&health);
    return answer_ok(arena, report);
}

json_t *op_info(play_t *play) {
    arena_t *arena = play->arena;
    spakky_error_t error;
    spakky_info_t info;
    if (spakky_info(&info, &error) != SPAKKY_OK) {
        return answer_error(arena, &error, NULL, NULL);
    }
    json_t *sections = json_array(arena);
    for (size_t i = 0; i < info.section_count; i++) {
        const spakky_section_t *section = &info.sections[i];
        json_t *groups = json_array(arena);
        for (size_t j = 0; j < section->group_count; j++) {
            json_t *group = json_object(arena);
            put_text(arena, group, "name", section->groups[j].name);
            json_put(arena, group, "entries", details(arena, &section->groups[j].entries));
            json_push(groups, group);
        }
        json_t *json = json_object(arena);
        put_text(arena, json, "name", section->name);
        json_push(sections, json_put(arena, json, "groups", groups));
    }
    spakky_info_free(&info);
    return answer_ok(arena, sections);
}
