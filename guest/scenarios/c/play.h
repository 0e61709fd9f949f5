/* Plays steps, and answers each. */
#ifndef PLAY_H
#define PLAY_H

#include "answers.h"
#include "input.h"
#include "steps.h"

typedef struct named_lease_t named_lease_t;
typedef struct hoard_t hoard_t;

/* What steps share. Loaders and writers play steps, too, while an outer step is under
 * way. */
typedef struct player_t {
    input_t input;
    unsigned pauses;
    named_lease_t *leases; /* of the contract, by name */
    hoard_t *hoard;        /* memory that is not given back */
    uint64_t calls;        /* how often the cached function's body ran */
} player_t;

/* A step that is under way. */
typedef struct play_t {
    player_t *player;
    arena_t *arena; /* lives until the line is answered */
    const json_t *step;
} play_t;

/* Plays the lines of the input until it ends, or a pause does. False: reading failed. */
bool play_input(player_t *player);
/* Plays a line; says whether it ended a pause. Behind the line stands a NUL. */
bool play_line(player_t *player, char *line, size_t length);
/* What a loader or writer does; `work` may be NULL. False: it is to fail. */
bool play_work(play_t *play, const json_t *work);

/* Each plays a step and returns the answer. */
typedef json_t *op_t(play_t *play);

/* library.c */
op_t op_get, op_get_many, op_set, op_set_many, op_delete, op_delete_many, op_evict_tags, op_clear;
op_t op_get_or_load, op_write_through, op_write_behind, op_abandon, op_hits;
/* cached.c */
op_t op_cacheable, op_cache_evict;
/* reports.c */
op_t op_metrics, op_config, op_health, op_info;
/* misuse.c */
op_t op_misuse;
/* contract.c */
op_t op_lookup, op_begin_write, op_commit, op_drop, op_leak, op_raw_get, op_raw_set;
/* instance.c */
op_t op_sleep, op_pause, op_resume, op_trap, op_panic, op_loop, op_overflow, op_eat, op_exit;

/* contract.c: gives up the leases that are still held. */
void drop_leases(player_t *player);
/* instance.c */
void rest(uint64_t milliseconds);

#endif
