/* The steps that ask for what the host reports. */
#include <inttypes.h>
#include <stdio.h>

#include "play.h"

static const char *json_bool(bool flag) { return flag ? "true" : "false"; }

void op_metrics(const json_t *step) {
    (void)step;
    spakky_metrics_t counts = spakky_metrics();
    answer("{\"hits\":%" PRIu64 ",\"misses\":%" PRIu64 ",\"writes\":%" PRIu64
           ",\"deletes\":%" PRIu64 ",\"clears\":%" PRIu64 ",\"tag_evictions\":%" PRIu64
           ",\"stampede_waits\":%" PRIu64 ",\"rejections\":%" PRIu64 "}",
           counts.hits, counts.misses, counts.writes, counts.deletes, counts.clears,
           counts.tag_evictions, counts.stampede_waits, counts.rejections);
}

/* Writes `"name":"text",`. */
static void put_text(const char *name, spakky_text_t text) {
    printf("\"%s\":", name);
    json_write_text(text);
    putchar(',');
}

void op_config(const json_t *step) {
    spakky_error_t error;
    spakky_config_t config;
    (void)step;
    if (failed(spakky_config(&config, &error), &error, NULL, NULL)) {
        return;
    }
    begin_answer();
    putchar('{');
    put_text("host", config.host);
    put_text("key_prefix", config.key_prefix);
    put_text("scheme", config.scheme);
    put_text("connection_url", config.connection_url);
    printf("\"port\":%u,\"db\":%" PRIu32 ",\"use_ssl\":%s,\"socket_timeout_ms\":%" PRIu64 "}",
           config.port, config.db, json_bool(config.use_ssl), config.socket_timeout_ms);
    end_answer();
    spakky_config_free(&config);
}

static void put_details(const spakky_details_t *details) {
    putchar('{');
    for (size_t i = 0; i < details->count; i++) {
        const spakky_detail_t *detail = &details->items[i];
        fputs(i == 0 ? "" : ",", stdout);
        json_write_text(detail->name);
        putchar(':');
        switch (detail->kind) {
        case SPAKKY_DETAIL_TEXT:
            json_write_text(detail->text);
            break;
        case SPAKKY_DETAIL_INTEGER:
            printf("%" PRId64, detail->integer);
            break;
        case SPAKKY_DETAIL_NUMBER:
            value_write_float(detail->number);
            break;
        case SPAKKY_DETAIL_FLAG:
            fputs(json_bool(detail->flag), stdout);
            break;
        }
    }
    putchar('}');
}

static const char *status(bool healthy) { return healthy ? "healthy" : "unhealthy"; }

void op_health(const json_t *step) {
    static const char *const names[] = {[SPAKKY_HEALTH] = "health",
                                        [SPAKKY_READINESS] = "readiness",
                                        [SPAKKY_LIVENESS] = "liveness"};
    spakky_error_t error;
    spakky_health_t health;
    spakky_endpoint_t endpoint = SPAKKY_HEALTH;
    while (!spakky_text_equal(json_text(step, "endpoint"), spakky_str(names[endpoint]))) {
        endpoint++;
    }
    if (failed(spakky_health(endpoint, &health, &error), &error, NULL, NULL)) {
        return;
    }
    begin_answer();
    printf("{\"endpoint\":\"%s\",\"status\":\"%s\",\"components\":[", names[health.endpoint],
           status(health.healthy));
    for (size_t i = 0; i < health.component_count; i++) {
        const spakky_component_t *component = &health.components[i];
        fputs(i == 0 ? "{" : ",{", stdout);
        put_text("name", component->name);
        printf("\"status\":\"%s\",\"required\":%s,\"details\":", status(component->healthy),
               json_bool(component->required));
        put_details(&component->details);
        putchar('}');
    }
    fputs("]}", stdout);
    end_answer();
    spakky_health_free(&health);
}

void op_info(const json_t *step) {
    spakky_error_t error;
    spakky_info_t info;
    (void)step;
    if (failed(spakky_info(&info, &error), &error, NULL, NULL)) {
        return;
    }
    begin_answer();
    putchar('[');
    for (size_t i = 0; i < info.section_count; i++) {
        const spakky_section_t *section = &info.sections[i];
        fputs(i == 0 ? "{" : ",{", stdout);
        put_text("name", section->name);
        fputs("\"groups\":[", stdout);
        for (size_t j = 0; j < section->group_count; j++) {
            fputs(j == 0 ? "{" : ",{", stdout);
            put_text("name", section->groups[j].name);
            fputs("\"entries\":", stdout);
            put_details(&section->groups[j].entries);
            putchar('}');
        }
        fputs("]}", stdout);
    }
    putchar(']');
    end_answer();
    spakky_info_free(&info);
}
