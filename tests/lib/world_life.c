/* Controllers start, die, follow and take over; the world is made, and ends. */
#include "world_internal.h"
#include "world_many.h"

#include "builtin.h"
#include "lints.h"
#include "slow_store.h"
#include "store_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the daemon lints with; read once, it never changes. */
const struct evac_facts *world_facts(void)
{
    static struct evac_diag diag;
    static const struct evac_facts *facts;
    if (!diag.arena) {
        diag.arena = evac_arena_new();
        if (evac_builtin_load_facts(EVAC_STR_NONE, EVAC_STR_NONE, EVAC_STR_NONE, &diag, &facts,
                                    NULL))
            abort();
    }
    return facts;
}

/* Of these facts: each shell of each world may know what the ones before it found out. */
static struct evac_lints *lints(void)
{
    static struct evac_lints *lints;
    if (!lints)
        lints = evac_lints_new();
    return lints;
}

/* The machine's time zones, whose files no world changes: each quarter of an hour, within which no
 * zone ever changed its offset, is looked up once. */
#define QUARTER_MS     900000
#define QUARTERS_KNOWN 512u

static bool remembered_offset(void *ctx, struct evac_str zone, int64_t wall_ms, int32_t *ret_s)
{
    static struct {
        uint64_t name;
        int32_t s;
    } known[QUARTERS_KNOWN];
    int64_t quarter = wall_ms / QUARTER_MS;
    uint64_t name = (evac_str_hash(zone) ^ (uint64_t)quarter * 0x9e3779b97f4a7c15u) | 1;
    size_t at = (name >> 32) % QUARTERS_KNOWN;
    (void)ctx;
    if (known[at].name != name) {
        if (!evac_zones_libc.offset(evac_zones_libc.ctx, zone, wall_ms, &known[at].s))
            return false;
        known[at].name = name;
    }
    *ret_s = known[at].s;
    return true;
}

static const struct evac_zones zones = { NULL, remembered_offset };

static void on_row(void *user, const struct evac_record *r)
{
    world_see_row(user, r);
}

struct evac_shell_options world_shell_options(struct seat *seat)
{
    struct world *w = seat->w;
    struct evac_shell_options options = { .catalog = evac_builtin_catalog(),
                                          .facts = world_facts(),
                                          .store = w->store,
                                          .lints = lints(),
                                          .zones = w->o.zones ? w->o.zones : &zones,
                                          .user = w,
                                          .row = w->many ? NULL : on_row };
    pace_lend(seat, &options);
    return options;
}

static enum evac_code start(struct world *w, struct evac_err *err)
{
    pace_begin(&w->seats[0]);
    struct evac_shell_options options = world_shell_options(&w->seats[0]);
    w->started_ms = world_now(w);
    w->rounds = (struct evac_rounds){ .next_ms = 0 };
    return evac_shell_new(&options, w->model, &w->shell, err);
}

static bool copy_row(void *user, const struct evac_row *row)
{
    struct world *w = user;
    if (w->copy->vt->take(w->copy, row, 1, NULL))
        abort();
    return true;
}

static void begin_to_follow(struct world *w)
{
    const struct evac_store_filter all = { 0 };
    struct evac_err err = { EVAC_OK, "" };
    w->copy = evac_store_new_memory("other", "its-boot");
    if (w->store->vt->read(w->store, &all, copy_row, w, &err))
        abort();
    struct evac_shell_options options = world_shell_options(&w->seats[0]);
    options.store = w->copy;
    options.follows = true;
    if (evac_shell_new(&options, w->model, &w->follower, &err))
        broke(w, "nobody can follow: %s", err.text);
}

static void lead_now(void *owner, void *what)
{
    struct world *w = owner;
    struct evac_err err = { EVAC_OK, "" };
    (void)what;
    struct evac_shell *follower = w->follower;
    w->follower = NULL;
    w->shell = follower;
    w->rounds = (struct evac_rounds){ .next_ms = 0 };
    if (evac_shell_lead(follower, &err))
        broke(w, "it can not lead: %s", err.text);
    begin_to_follow(w);
}

void world_take_over(struct world *w, uint64_t after_ms)
{
    uint64_t epoch;
    if (!w->shell || !w->follower)
        return;
    evac_shell_free(w->shell);
    w->shell = NULL;
    w->store->vt->lead(w->store, &epoch);
    evac_store_close(w->store);
    w->store = w->copy;
    evac_store_memory_lead(w->store, epoch + 1);
    w->seats[0].lost_operation[0] = '\0';
    later(w, after_ms, lead_now, NULL);
}

struct evac_shell *world_follower(struct world *w)
{
    return w->follower;
}

static bool see_row(void *user, const struct evac_row *row)
{
    on_row(user, &row->record);
    return true;
}

/* Rows that became durable when their writer died. */
static void see_kept(struct world *w)
{
    const struct evac_store_filter newer = { .after_seq = w->seen_seq };
    w->catches_up = true;
    (void)w->store->vt->read(w->store, &newer, see_row, w, NULL);
    w->catches_up = false;
}

static void start_again(void *owner, void *what)
{
    struct world *w = owner;
    struct evac_err err = { EVAC_OK, "" };
    (void)what;
    if (w->shell)
        return;
    if (w->o.commit_ms == 0) { /* it is the memory store itself */
        evac_store_memory_reopen(w->store);
        see_kept(w);
    }
    if (w->v.now_ms < w->full_until_ms)
        evac_store_memory_fail_after(w->store, 1);
    if (!start(w, &err)) {
        if (w->places[0].abstains)
            world_abstain(w, 0, true); /* its anchors are asked at once */
        return;
    }
    if (w->v.now_ms < w->full_until_ms)
        later(w, RESTART_MS, start_again, NULL);
    else
        broke(w, "it does not start again: %s", err.text);
}

void world_crash_at_commit(struct world *w, uint32_t n, bool kept, uint64_t down_ms)
{
    w->seats[0].down_ms = down_ms;
    evac_store_memory_fail(w->store, n, kept);
}

void world_crash_at_request(struct world *w, uint32_t n, uint64_t down_ms)
{
    world_front(w)->down_ms = down_ms;
    world_front(w)->requests_to_live = n;
}

void world_disk_full(struct world *w, uint64_t ms)
{
    w->full_until_ms = w->v.now_ms + ms;
    world_crash_at_commit(w, 1, false, RESTART_MS);
}

void world_crash(struct world *w, uint64_t down_ms)
{
    if (w->many) {
        world_node_crash(w, world_front(w)->number, down_ms);
        return;
    }
    w->seats[0].dead = false;
    w->seats[0].requests_to_live = 0;
    if (!w->shell)
        return;
    /* nobody waits for what is in flight; it lands all the same */
    evac_shell_free(w->shell);
    pace_end(&w->seats[0]);
    w->shell = NULL;
    if (w->o.commit_ms)
        slow_store_crash(w->store, (size_t)below(w, slow_store_waiting(w->store) + 1));
    w->seats[0].lost_operation[0] =
        '\0'; /* resumed steps observe first: checked by the journal's own order */
    later(w, down_ms, start_again, NULL);
}

static uint32_t commit_ms_asked(void)
{
    const char *text = getenv("EVAC_COMMIT_MS");
    int64_t ms = 0;
    return text && evac_str_i64(evac_str(text), &ms) && ms > 0 ? (uint32_t)ms : 0;
}

static void begin_alone(struct world *w)
{
    struct evac_err err = { EVAC_OK, "" };
    w->store = evac_store_new_memory("sim", "boot");
    if (w->o.commit_ms)
        w->store = slow_store_new(w->store, &w->seats[0].host, w->o.commit_ms);
    if (start(w, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

struct world *world_new(const struct world_options *options)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1", NULL };
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->o = *options;
    w->o.commit_ms = options->commit_ms ? options->commit_ms : commit_ms_asked();
    evac_virtual_init(&w->v, w, BOOT_MS, WALL_MS, options->seed);
    w->seat_count = options->controllers > 1 ? options->controllers : 1;
    for (unsigned i = 0; i < w->seat_count; i++)
        host_sit(w, &w->seats[i]);
    w->arena = evac_arena_new();
    evac_buf_init(&w->truth, 8u << 20);
    struct evac_sandbox_options sandbox = { .seed = options->seed,
                                            .regions = regions,
                                            .speed = options->speed,
                                            .wall_ms = WALL_MS - (int64_t)BOOT_MS,
                                            .access_key_id = KEY_ID,
                                            .secret_access_key = SECRET,
                                            .signatures_each = 16 };
    w->sandbox = evac_sandbox_new(&sandbox);
    evac_sandbox_advance(w->sandbox, w->v.now_ms);
    evac_sandbox_shop(w->sandbox, (uint16_t)atol(PORT));
    conf_make_resources(w);
    conf_load(w);
    if (w->seat_count > 1)
        w->many = many_new(w);
    else
        begin_alone(w);
    if (w->o.followed)
        begin_to_follow(w);
    probes_begin(w);
    rounds_begin(w);
    return w;
}

/* Every question, timer and exchange comes to its end, so that nobody's memory is forgotten. */
static void answer_everybody(struct world *w)
{
    while (w->exchanges || w->v.count) {
        struct evac_due due = { 0 };
        bool heard = evac_virtual_take(&w->v, &due) &&
                     (evac_virtual_is_timer(&due) || names_whose(&due) != NULL);
        if (heard)
            due.fn(w, due.what);
        net_end_first(w);
    }
}

void world_free(struct world *w)
{
    if (w->many)
        many_leave(w->many);
    else
        evac_shell_free(w->shell);
    evac_shell_free(w->follower);
    w->shell = w->follower = NULL;
    if (w->o.commit_ms && !w->many)
        slow_store_crash(w->store, 0);
    answer_everybody(w);
    if (w->copy != w->store)
        evac_store_close(w->copy);
    if (w->many)
        many_free(w->many);
    else
        evac_store_close(w->store);
    evac_sandbox_free(w->sandbox);
    for (unsigned i = 0; i < w->seat_count; i++) {
        pace_free(&w->seats[i]);
        conf_let_go(w->seats[i].model);
    }
    for (size_t i = 0; i < w->old_count; i++)
        conf_let_go(w->old_models[i]);
    evac_arena_free(w->arena);
    evac_buf_done(&w->truth);
    evac_virtual_done(&w->v);
    free(w->letters);
    free(w->trace);
    free(w);
}
