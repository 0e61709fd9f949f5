/*
 * What the host tells: counts, settings, health and info. Included by `spakky_cache.h`,
 * whose rules hold here.
 */
#ifndef SPAKKY_REPORT_H
#define SPAKKY_REPORT_H

#include "spakky_cbor.h"
#include "spakky_error.h"

/* Counts since the host started, for this component's cache. */
typedef struct spakky_metrics_t {
    uint64_t hits;           /* reads answered with a value */
    uint64_t misses;         /* reads answered with none: one for a load, however long */
    uint64_t writes;         /* entries stored */
    uint64_t deletes;        /* deletes that found an entry */
    uint64_t clears;         /* calls of `spakky_clear` */
    uint64_t tag_evictions;  /* calls of `spakky_evict_tags` that named a tag */
    uint64_t stampede_waits; /* lookups that waited for another caller's load */
    uint64_t rejections;     /* lookups that met the entry that would not do */
} spakky_metrics_t;

/* The counts as they stand. */
spakky_metrics_t spakky_metrics(void);

/* What a component may know of how its cache is set up. Never a credential. */
typedef struct spakky_config_t {
    spakky_text_t host; /* of the backend; empty where the store is in the host */
    uint16_t port;      /* 0 where the store is in the host */
    uint32_t db;
    bool use_ssl;
    spakky_text_t key_prefix;     /* what every key begins with, in the backend */
    uint64_t socket_timeout_ms;   /* the longest that one operation may take */
    spakky_text_t scheme;         /* `redis`, `rediss` or `embedded` */
    spakky_text_t connection_url; /* without credentials */
} spakky_config_t;

spakky_code_t spakky_config(spakky_config_t *config, spakky_error_t *error);
void spakky_config_free(spakky_config_t *config);

/* What is asked about. */
typedef enum spakky_endpoint_t {
    SPAKKY_HEALTH,    /* is all well? */
    SPAKKY_READINESS, /* can it serve now? */
    SPAKKY_LIVENESS,  /* is it alive, or should it be restarted? */
} spakky_endpoint_t;

/* One value of a report. */
typedef struct spakky_detail_t {
    spakky_text_t name;
    enum {
        SPAKKY_DETAIL_TEXT,
        SPAKKY_DETAIL_INTEGER,
        SPAKKY_DETAIL_NUMBER,
        SPAKKY_DETAIL_FLAG,
    } kind;
    spakky_text_t text;
    int64_t integer;
    double number;
    bool flag;
} spakky_detail_t;

typedef struct spakky_details_t {
    spakky_detail_t *items;
    size_t count;
} spakky_details_t;

/* What one component reports of itself. */
typedef struct spakky_component_t {
    spakky_text_t name;
    bool healthy;
    bool required; /* whether its being unhealthy makes the whole unhealthy */
    spakky_details_t details;
} spakky_component_t;

/* The health of the host, its cache, and every component that it loaded. */
typedef struct spakky_health_t {
    spakky_endpoint_t endpoint;
    bool healthy;
    spakky_component_t *components; /* sorted by name */
    size_t component_count;
} spakky_health_t;

spakky_code_t spakky_health(spakky_endpoint_t endpoint, spakky_health_t *health,
                            spakky_error_t *error);
void spakky_health_free(spakky_health_t *health);

/* Values that belong together, such as `redis_cache`. */
typedef struct spakky_group_t {
    spakky_text_t name;
    spakky_details_t entries;
} spakky_group_t;

/* What one contributor adds to the info, such as `redis-cache-metrics`. */
typedef struct spakky_section_t {
    spakky_text_t name;
    spakky_group_t *groups;
    size_t group_count;
} spakky_section_t;

/* What the host, its cache and its components say of themselves, sorted by name. */
typedef struct spakky_info_t {
    spakky_section_t *sections;
    size_t section_count;
} spakky_info_t;

spakky_code_t spakky_info(spakky_info_t *info, spakky_error_t *error);
void spakky_info_free(spakky_info_t *info);

#endif
