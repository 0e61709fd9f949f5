/* What the host tells: counts, settings, health and info. `spakky_cache.h` says more. */
#include <stdlib.h>

#include "../bindings/imports.h"
#include "internal.h"

spakky_metrics_t spakky_metrics(void) {
    spakky_cache_cache_metrics_snapshot_t counts;
    spakky_cache_cache_metrics(&counts);
    return (spakky_metrics_t){
        .hits = counts.hits,
        .misses = counts.misses,
        .writes = counts.writes,
        .deletes = counts.deletes,
        .clears = counts.clears,
        .tag_evictions = counts.tag_evictions,
        .stampede_waits = counts.stampede_waits,
        .rejections = counts.rejections,
    };
}

/* ---- Moving what the bindings made ------------------------------------------- */

/* Takes a text out of what the bindings made, so that freeing that spares it. */
static spakky_text_t take(imports_string_t *string) {
    spakky_text_t text = {string->len == 0 ? NULL : (const char *)string->ptr, string->len};
    *string = (imports_string_t){NULL, 0};
    return text;
}

static void text_free(spakky_text_t *text) {
    free((void *)(uintptr_t)text->data);
    *text = (spakky_text_t){NULL, 0};
}

/* An array of zeros; NULL, where `count` is not 0, says that there is no memory. */
static void *zeros(size_t count, size_t size) { return count == 0 ? NULL : calloc(count, size); }

static bool take_details(spakky_cache_actuator_types_list_tuple2_string_detail_t *from,
                         spakky_details_t *details) {
    details->items = zeros(from->len, sizeof *details->items);
    if (details->items == NULL && from->len > 0) {
        return false;
    }
    details->count = from->len;
    for (size_t i = 0; i < from->len; i++) {
        spakky_detail_t *detail = &details->items[i];
        spakky_cache_actuator_types_detail_t *value = &from->ptr[i].f1;
        detail->name = take(&from->ptr[i].f0);
        switch (value->tag) {
        case SPAKKY_CACHE_ACTUATOR_TYPES_DETAIL_TEXT:
            detail->kind = SPAKKY_DETAIL_TEXT;
            detail->text = take(&value->val.text);
            break;
        case SPAKKY_CACHE_ACTUATOR_TYPES_DETAIL_INTEGER:
            detail->kind = SPAKKY_DETAIL_INTEGER;
            detail->integer = value->val.integer;
            break;
        case SPAKKY_CACHE_ACTUATOR_TYPES_DETAIL_NUMBER:
            detail->kind = SPAKKY_DETAIL_NUMBER;
            detail->number = value->val.number;
            break;
        default:
            detail->kind = SPAKKY_DETAIL_FLAG;
            detail->flag = value->val.flag;
        }
    }
    return true;
}

static void details_free(spakky_details_t *details) {
    for (size_t i = 0; i < details->count; i++) {
        text_free(&details->items[i].name);
        text_free(&details->items[i].text);
    }
    free(details->items);
    *details = (spakky_details_t){NULL, 0};
}

/* ---- Settings ---------------------------------------------------------------- */

spakky_code_t spakky_config(spakky_config_t *config, spakky_error_t *error) {
    if (config == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`config` is NULL");
    }
    spakky_cache_config_cache_config_t settings;
    spakky_cache_config_get(&settings);
    *config = (spakky_config_t){
        .host = take(&settings.host),
        .port = settings.port,
        .db = settings.db,
        .use_ssl = settings.use_ssl,
        .key_prefix = take(&settings.key_prefix),
        .socket_timeout_ms = settings.socket_timeout,
        .scheme = take(&settings.scheme),
        .connection_url = take(&settings.connection_url),
    };
    return spakky_succeed(error);
}

void spakky_config_free(spakky_config_t *config) {
    if (config != NULL) {
        text_free(&config->host);
        text_free(&config->key_prefix);
        text_free(&config->scheme);
        text_free(&config->connection_url);
    }
}

/* ---- Health ------------------------------------------------------------------ */

static bool take_component(spakky_cache_actuator_component_health_t *from,
                           spakky_component_t *component) {
    component->name = take(&from->name);
    component->healthy = from->status == SPAKKY_CACHE_ACTUATOR_TYPES_HEALTH_STATUS_HEALTHY;
    component->required = from->required;
    return take_details(&from->details, &component->details);
}

spakky_code_t spakky_health(spakky_endpoint_t endpoint, spakky_health_t *health,
                            spakky_error_t *error) {
    if (health == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`health` is NULL");
    }
    *health = (spakky_health_t){.components = NULL};
    if (endpoint != SPAKKY_HEALTH && endpoint != SPAKKY_READINESS && endpoint != SPAKKY_LIVENESS) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "there is no such endpoint");
    }
    spakky_cache_actuator_health_report_t report;
    spakky_cache_actuator_health((spakky_cache_actuator_endpoint_t)endpoint, &report);
    health->endpoint = endpoint;
    health->healthy = report.status == SPAKKY_CACHE_ACTUATOR_TYPES_HEALTH_STATUS_HEALTHY;
    health->components = zeros(report.components.len, sizeof *health->components);
    bool well = health->components != NULL || report.components.len == 0;
    while (well && health->component_count < report.components.len) {
        size_t i = health->component_count++;
        well = take_component(&report.components.ptr[i], &health->components[i]);
    }
    spakky_cache_actuator_health_report_free(&report);
    if (!well) {
        spakky_health_free(health);
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    return spakky_succeed(error);
}

void spakky_health_free(spakky_health_t *health) {
    if (health != NULL) {
        for (size_t i = 0; i < health->component_count; i++) {
            text_free(&health->components[i].name);
            details_free(&health->components[i].details);
        }
        free(health->components);
        health->components = NULL;
        health->component_count = 0;
    }
}

/* ---- Info -------------------------------------------------------------------- */

static bool take_section(spakky_cache_actuator_info_section_t *from, spakky_section_t *section) {
    section->name = take(&from->name);
    section->groups = zeros(from->groups.len, sizeof *section->groups);
    bool well = section->groups != NULL || from->groups.len == 0;
    while (well && section->group_count < from->groups.len) {
        size_t i = section->group_count++;
        section->groups[i].name = take(&from->groups.ptr[i].name);
        well = take_details(&from->groups.ptr[i].entries, &section->groups[i].entries);
    }
    return well;
}

spakky_code_t spakky_info(spakky_info_t *info, spakky_error_t *error) {
    if (info == NULL) {
        return spakky_fail(error, SPAKKY_INVALID_ARGUMENT, "`info` is NULL");
    }
    spakky_cache_actuator_list_info_section_t list;
    spakky_cache_actuator_info(&list);
    *info = (spakky_info_t){zeros(list.len, sizeof *info->sections), 0};
    bool well = info->sections != NULL || list.len == 0;
    while (well && info->section_count < list.len) {
        size_t i = info->section_count++;
        well = take_section(&list.ptr[i], &info->sections[i]);
    }
    spakky_cache_actuator_list_info_section_free(&list);
    if (!well) {
        spakky_info_free(info);
        return spakky_fail(error, SPAKKY_NO_MEMORY, "");
    }
    return spakky_succeed(error);
}

void spakky_info_free(spakky_info_t *info) {
    if (info != NULL) {
        for (size_t i = 0; i < info->section_count; i++) {
            spakky_section_t *section = &info->sections[i];
            text_free(&section->name);
            for (size_t j = 0; j < section->group_count; j++) {
                text_free(&section->groups[j].name);
                details_free(&section->groups[j].entries);
            }
            free(section->groups);
        }
        free(info->sections);
        *info = (spakky_info_t){NULL, 0};
    }
}
