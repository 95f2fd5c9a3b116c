#include "world_many.h"

#include "row_batch.h"
#include "share.h"
#include "store_memory.h"
#include "world_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETCD_BEGINS_MS 1000u  /* the model's clock when the world's shows BOOT_MS */
#define ANEW_MS        200u   /* until a shell that was dropped is made anew */
#define PATIENCE_MS    15000u /* of people */
#define SECOND_MS      1000u

struct many {
    struct world *w;
    struct etcd_model *etcd;
    struct world_share share;
    uint32_t takeover_ms;
    bool headless;
    uint64_t led_since_ms; /* by the leader that etcd has */
    int64_t epoch;
    struct sent sent[SENT_MAX];
    unsigned sent_count;
};

/* --- etcd's clock is the world's --- */

static uint64_t etcd_ms(const struct world *w)
{
    return w->v.now_ms - BOOT_MS + ETCD_BEGINS_MS;
}

uint64_t many_due_ms(const struct many *many)
{
    const struct world *w = many->w;
    uint64_t due = etcd_model_due(many->etcd);
    due = due == UINT64_MAX ? due : due - ETCD_BEGINS_MS + BOOT_MS;
    for (unsigned i = 0; i < w->seat_count; i++) {
        const struct seat *s = &w->seats[i];
        uint64_t at = s->gone     ? UINT64_MAX
                      : !s->share ? s->back_at_ms
                      : !s->shell ? s->shell_at_ms
                                  : UINT64_MAX;
        at = at > s->paused_until_ms ? at : s->paused_until_ms;
        due = at < due ? at : due;
    }
    return due > w->v.now_ms ? due : w->v.now_ms;
}

void many_step(struct many *many)
{
    (void)etcd_model_step(many->etcd, etcd_ms(many->w));
}

/* --- who leads, as etcd has it --- */

static int64_t epoch_now(struct many *many)
{
    const struct etcd_value *leader = etcd_model_get(many->etcd, "/evac/c/leader");
    return leader ? leader->create_revision : 0;
}

static bool leads(const struct seat *s)
{
    return s->share && s->shell && s->epoch && !evac_shell_failed(s->shell);
}

struct seat *many_leader(struct many *many)
{
    int64_t epoch = epoch_now(many);
    for (unsigned i = 0; i < many->w->seat_count; i++)
        if (leads(&many->w->seats[i]) && (int64_t)many->w->seats[i].epoch == epoch)
            return &many->w->seats[i];
    return NULL;
}

/* --- the journal, as it lies in etcd --- */

static void row_landed(struct many *many, const struct evac_row *row, int64_t leader)
{
    struct world *w = many->w;
    uint64_t seq = row->record.seq;
    if (seq != w->seen_seq + 1)
        broke(w, "R2: row %llu was written after row %llu", (unsigned long long)seq,
              (unsigned long long)w->seen_seq);
    else if ((int64_t)row->record.epoch != leader)
        broke(w, "R2: row %llu landed under the lead %llu, which %lld had overtaken",
              (unsigned long long)seq, (unsigned long long)row->record.epoch, (long long)leader);
    world_see_row(w, &row->record);
}

/* Its rows are durable, and it does not know: the edge between an intent and what follows. */
static void count_commit(struct many *many, int64_t epoch)
{
    for (unsigned i = 0; i < many->w->seat_count; i++) {
        struct seat *s = &many->w->seats[i];
        if (!s->epoch || (int64_t)s->epoch != epoch || !s->commits_to_stop ||
            --s->commits_to_stop > 0)
            continue;
        if (s->stop_ms)
            world_node_pause(many->w, i, s->stop_ms);
        else
            s->dead = true;
    }
}

static void on_put(void *user, const struct etcd_value *value)
{
    struct many *many = user;
    struct evac_row *rows;
    size_t count;
    struct evac_err err = { EVAC_OK, "" };
    if (evac_str_is(value->key, "/evac/c/leader")) {
        many->epoch = value->create_revision;
        many->led_since_ms = many->w->v.now_ms;
    }
    if (!evac_str_starts(value->key, "/evac/c/journal/"))
        return;
    struct evac_arena *arena = evac_arena_new();
    int64_t leader = epoch_now(many);
    if (evac_row_batch_read(value->value, arena, &rows, &count, &err))
        broke(many->w, "R2: etcd got rows that nobody can read: %s", err.text);
    else
        for (size_t i = 0; i < count; i++)
            row_landed(many, &rows[i], leader);
    evac_arena_free(arena);
    count_commit(many, leader);
}

/* --- what controllers ask of the cloud --- */

/* A stale leader may still hear that its last intent is durable, and act by it: that one the next
 * leader knows, and waits for. For longer than a lease lasts it must not. */
static void check_stale(struct many *many, const struct seat *s,
                        const struct evac_http_request *request)
{
    uint64_t now = many->w->v.now_ms;
    int64_t epoch = epoch_now(many);
    if (epoch > (int64_t)s->epoch && now > many->led_since_ms + many->share.ttl_ms)
        broke(many->w, "R2: %s begins %.*s, and has been overtaken for %llu ms", s->name,
              EVAC_STR_ARG(request->operation), (unsigned long long)(now - many->led_since_ms));
}

static struct sent *find_sent(struct many *many, const struct evac_http_request *r)
{
    for (unsigned i = 0; i < many->sent_count; i++)
        if (evac_str_is(r->operation, many->sent[i].operation) &&
            evac_str_is(r->region, many->sent[i].region))
            return &many->sent[i];
    if (many->sent_count == SENT_MAX)
        return NULL;
    struct sent *new = &many->sent[many->sent_count++];
    *new = (struct sent){ .run = 0 };
    (void)evac_str_copy(new->operation, sizeof new->operation, r->operation);
    (void)evac_str_copy(new->region, sizeof new->region, r->region);
    return new;
}

static void service_of(const struct evac_http_request *request, char ret[SERVICE_BYTES])
{
    struct evac_str rest;
    (void)evac_str_copy(ret, SERVICE_BYTES, evac_str_cut(request->operation, ':', &rest));
}

static bool has_looked(const struct seat *s, const char *service)
{
    for (unsigned i = 0; i < s->looked_count; i++)
        if (strcmp(s->looked[i], service) == 0)
            return true;
    return false;
}

void many_saw_reply(struct seat *s, const struct evac_http_request *request)
{
    char service[SERVICE_BYTES];
    service_of(request, service);
    if (s->looked_count < sizeof s->looked / sizeof s->looked[0] && !has_looked(s, service))
        memcpy(s->looked[s->looked_count++], service, sizeof service);
}

/* What another controller did in this run is not done once more without a look (R5). */
static void check_twice(struct many *many, const struct seat *s,
                        const struct evac_http_request *request)
{
    const struct evac_run *run = evac_shell_engine(s->shell)->runs;
    struct sent *sent = find_sent(many, request);
    char service[SERVICE_BYTES];
    service_of(request, service);
    if (!run || !sent)
        return;
    if (sent->run == run->id && sent->epoch < s->epoch && !has_looked(s, service))
        broke(many->w, "R5: %s does %.*s again, which was done before it led, without a look",
              s->name, EVAC_STR_ARG(request->operation));
    sent->run = run->id;
    sent->epoch = s->epoch;
}

void many_check_mutation(struct seat *s, const struct evac_http_request *request)
{
    if (!s->shell)
        return;
    check_stale(s->w->many, s, request);
    check_twice(s->w->many, s, request);
}

/* --- timers of a process that may stand still --- */

struct seat_timer {
    struct seat_timer *next;
    struct seat *seat;
    uint64_t id, inner;
    evac_timer_fn *fn;
    void *user;
};

static void unlink_timer(struct seat_timer *t)
{
    struct seat_timer **at = &t->seat->timers;
    while (*at && *at != t)
        at = &(*at)->next;
    if (*at)
        *at = t->next;
}

static void fires(void *user)
{
    struct seat_timer *t = user;
    struct world *w = t->seat->w;
    if (t->seat->paused_until_ms > w->v.now_ms) {
        if (w->timer(&w->v, t->seat->paused_until_ms - w->v.now_ms, fires, t, &t->inner, NULL))
            abort();
        return;
    }
    unlink_timer(t);
    t->fn(t->user);
    free(t);
}

enum evac_code many_timer(struct seat *s, uint64_t delay_ms, evac_timer_fn *fn, void *user,
                          uint64_t *ret_id, struct evac_err *err)
{
    struct world *w = s->w;
    struct seat_timer *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    *t = (struct seat_timer){ s->timers, s, evac_virtual_number(&w->v), 0, fn, user };
    enum evac_code code =
        w->timer(&w->v, world_stretched_ms(s, delay_ms), fires, t, &t->inner, err);
    if (code) {
        free(t);
        return code;
    }
    s->timers = t;
    *ret_id = t->id;
    return EVAC_OK;
}

void many_timer_stop(struct seat *s, uint64_t id)
{
    struct seat_timer *t = s->timers;
    while (t && t->id != id)
        t = t->next;
    if (!t)
        return;
    s->w->timer_stop(&s->w->v, t->inner);
    unlink_timer(t);
    free(t);
}

/* --- a controller: as the daemon does it (daemon_share.c) --- */

static bool is_held(enum evac_share_role role)
{
    return role == EVAC_SHARE_CAUGHT || role == EVAC_SHARE_LEADS;
}

static void tell_anchors(struct seat *s)
{
    struct evac_event anchors = { .kind = EVAC_EVENT_ANCHORS };
    anchors.u.abstains = s->w->places[s->number].abstains;
    (void)evac_shell_event(s->shell, &anchors, NULL);
}

static void begins_to_lead(struct seat *s)
{
    s->epoch = s->newest_epoch = evac_share_view(s->share).epoch;
    s->looked_count = 0;
    s->lost_operation[0] = '\0'; /* many_check_mutation asks for more */
    s->w->started_ms = world_now(s->w);
    if (s->w->o.verbose)
        fprintf(stderr, "%8.3f (%s leads, lead %llu)\n", (double)world_now(s->w) / 1000, s->name,
                (unsigned long long)s->epoch);
}

static void take_lead(struct seat *s)
{
    tell_anchors(s);
    if (evac_shell_lead(s->shell, NULL))
        s->drops = true;
    else
        begins_to_lead(s);
}

static void on_changed(void *user)
{
    struct seat *s = user;
    if (!s->share || !s->shell)
        return;
    const struct evac_share_view view = evac_share_view(s->share);
    bool leading = !evac_shell_follows(s->shell);
    if (leading && (!is_held(view.role) || evac_shell_failed(s->shell)))
        s->drops = true;
    else if (!leading && view.role == EVAC_SHARE_CAUGHT)
        take_lead(s);
}

static void on_rows(void *user, const struct evac_record *rows, size_t count)
{
    struct seat *s = user;
    struct evac_err err = { EVAC_OK, "" };
    for (size_t i = 0; i < count && s->shell && evac_shell_follows(s->shell) && !s->drops; i++)
        if (evac_shell_follow(s->shell, &rows[i], &err)) {
            broke(s->w, "S15: %s does not follow: %s", s->name, err.text);
            s->drops = true;
        }
}

/* --- what each sees, told to all --- */

static struct world_share share_of(const struct world *w)
{
    struct world_share share = w->o.share ? *w->o.share : (struct world_share){ 0 };
    if (!share.ttl_ms)
        share = (struct world_share){ 6000, 1000, 1000, 1000, share.chances };
    return share;
}

struct evac_str many_controllers(struct world *w, struct evac_str conf)
{
    static const char *const regions[SEATS_MAX] = { "us-east-1", "us-west-2", "eu-west-1" };
    struct evac_str text =
        evac_arena_printf(w->arena,
                          "%.*s\nshared = { cluster = \"c\"; poll = \"%ums\"; endpoints = ( "
                          "\"http://127.0.0.1:1\" ); controllers = (",
                          EVAC_STR_ARG(conf), share_of(w).poll_ms);
    for (unsigned i = 0; i < w->seat_count; i++)
        text = evac_arena_printf(w->arena, "%.*s%s { name = \"%s\"; region = \"%s\"; }",
                                 EVAC_STR_ARG(text), i ? "," : "", w->seats[i].name, regions[i]);
    return evac_arena_printf(w->arena, "%.*s ); };\n", EVAC_STR_ARG(text));
}

void many_saw(struct seat *s, const struct evac_probe_result *r)
{
    struct evac_sighting one = { .probe = r->probe,
                                 .region = r->region,
                                 .ok = r->ok,
                                 .latency_ms = r->latency_ms,
                                 .sent_boot_ms = r->sent_boot_ms };
    (void)evac_str_copy(one.reason, sizeof one.reason, r->reason);
    if (s->share && s->w->v.now_ms >= s->paused_until_ms)
        evac_voice_see(&s->voice, s->model, &one);
}

static void on_told(void *user, struct evac_str node, struct evac_str text)
{
    struct seat *s = user;
    if (s->shell)
        (void)evac_shell_vantage(s->shell, node, text, &s->voice, NULL);
}

static void tell(struct seat *s)
{
    struct evac_buf text;
    uint64_t now = world_own_ms(s, s->w->v.now_ms);
    struct evac_voice_state state = { .now_ms = now,
                                      .asking_ms = now - s->begun_ms,
                                      .abstains = s->w->places[s->number].abstains };
    state.heard_count = evac_shell_heard(s->shell, state.heard);
    evac_buf_init(&text, EVAC_BATCH_BYTES_MAX);
    evac_voice_say(&s->voice, s->model, &state, &text);
    (void)evac_share_tell(s->share, evac_buf_str(&text), NULL);
    evac_buf_done(&text);
}

/* As often as the others ask. */
static void tell_due(void *owner, void *what)
{
    struct seat *s = what;
    struct world *w = owner;
    evac_virtual_later(&w->v, w->many->share.poll_ms, tell_due, s);
    if (s->share && s->shell && w->v.now_ms >= s->paused_until_ms)
        tell(s);
}

/* Told durable is durable. */
static void on_committed(void *user, uint64_t seq)
{
    struct world *w = user;
    if (seq > w->seen_seq)
        broke(w, "R1: row %llu is said to be durable, and etcd has %llu", (unsigned long long)seq,
              (unsigned long long)w->seen_seq);
}

static void make_shell(struct seat *s)
{
    struct evac_err err = { EVAC_OK, "" };
    struct evac_shell_options options = world_shell_options(s);
    options.store = evac_share_store(s->share);
    options.follows = !is_held(evac_share_view(s->share).role);
    options.committed = on_committed;
    s->epoch = 0;
    s->drops = false;
    s->shells++;
    if (evac_shell_new(&options, s->model, &s->shell, &err)) {
        s->shell = NULL;
        s->shell_at_ms = s->w->v.now_ms + ANEW_MS;
        if (options.follows)
            broke(s->w, "S15: %s does not start from its copy: %s", s->name, err.text);
    } else if (!options.follows) {
        begins_to_lead(s);
        tell_anchors(s);
    }
}

static void drop_shell(struct seat *s)
{
    evac_shell_free(s->shell);
    s->shell = NULL;
    s->epoch = 0;
    s->drops = false;
    s->lost_operation[0] = '\0';
    s->shell_at_ms = s->w->v.now_ms + ANEW_MS;
    evac_share_drop(s->share);
}

static void begin(struct seat *s)
{
    const struct world_share *times = &s->w->many->share;
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_share_options o = {
        .host = etcd_model_host(s->w->many->etcd, s->number),
        .replica = s->replica,
        .node = s->name,
        .boot_id = "boot",
        .address = "",
        .cluster = "c",
        .endpoints = etcd_model_endpoints,
        .endpoint_count = ETCD_ENDPOINTS_MAX,
        .user = "",
        .password = "",
        .ca = "",
        .cert = "",
        .key = "",
        .may_lead = true,
        .ttl_ms = times->ttl_ms,
        .request_ms = times->request_ms,
        .poll_ms = times->poll_ms,
        .keep_rows = 5000,
        .user_data = s,
        .changed = on_changed,
        .rows = on_rows,
        .told = on_told,
    };
    if (evac_share_new(&o, &s->share, &err)) {
        broke(s->w, "%s does not begin: %s", s->name, err.text);
        s->gone = true;
        return;
    }
    evac_voice_init(&s->voice, &s->host);
    pace_begin(s);
    s->begun_ms = world_own_ms(s, s->w->v.now_ms);
    make_shell(s);
}

static void die(struct seat *s, uint64_t down_ms)
{
    s->dead = false;
    s->requests_to_live = s->commits_to_stop = 0;
    s->lost_operation[0] = '\0';
    if (!s->share)
        return;
    evac_shell_free(s->shell);
    evac_share_free(s->share);
    pace_end(s);
    evac_voice_done(&s->voice);
    s->shell = NULL;
    s->share = NULL;
    s->epoch = 0;
    s->drops = false;
    s->paused_until_ms = 0;
    etcd_model_pause(s->w->many->etcd, s->number, 0);
    s->back_at_ms = s->w->v.now_ms + down_ms;
}

static void see_one(struct seat *s)
{
    uint64_t now = s->w->v.now_ms;
    if (s->gone || now < s->paused_until_ms)
        return;
    if (s->dead)
        die(s, s->down_ms ? s->down_ms : RESTART_MS);
    if (!s->share && now >= s->back_at_ms)
        begin(s);
    if (!s->share)
        return;
    on_changed(s);
    if (s->shell && s->drops)
        drop_shell(s);
    else if (!s->shell && now >= s->shell_at_ms)
        make_shell(s);
}

void many_see(struct many *many)
{
    struct world *w = many->w;
    for (unsigned i = 0; i < w->seat_count; i++)
        see_one(&w->seats[i]);
    const struct seat *leader = many_leader(many);
    w->shell = leader ? leader->shell : NULL;
    if (leader)
        w->store = leader->replica;
}

/* What a follower shows grows old. */
static void second(void *owner, void *what)
{
    struct seat *s = what;
    evac_virtual_later(&s->w->v, SECOND_MS, second, s);
    (void)owner;
    if (s->shell && s->w->v.now_ms >= s->paused_until_ms && evac_shell_follows(s->shell))
        (void)evac_shell_tick(s->shell, NULL);
}

/* --- people --- */

enum evac_code many_settled(struct many *many, struct seat *s, enum evac_code code)
{
    struct world *w = many->w;
    if (!s || !s->shell || code)
        return code;
    uint64_t shells = s->shells, until = w->v.now_ms + PATIENCE_MS;
    uint64_t row = evac_shell_accepted(s->shell);
    bool done = false;
    while (s->shell && s->shells == shells && !evac_shell_failed(s->shell) && !done) {
        done = w->v.now_ms >= s->paused_until_ms && evac_shell_durable(s->shell) >= row;
        if (!done && w->v.now_ms >= until)
            return EVAC_E_UNREACHABLE;
        if (!done)
            world_run(w, 10);
    }
    if (done && row > w->seen_seq)
        broke(w, "R1: somebody was answered, and row %llu is not in the journal",
              (unsigned long long)row);
    return done ? code : EVAC_E_UNREACHABLE;
}

enum evac_code world_node_hear(struct world *w, unsigned node, const struct evac_command *word)
{
    struct seat *s = &w->seats[node];
    struct evac_event event = people_word(w, word);
    if (!s->shell || w->v.now_ms < s->paused_until_ms)
        return EVAC_E_UNREACHABLE;
    enum evac_code code = evac_shell_event(s->shell, &event, &w->said);
    return many_settled(w->many, s, code);
}

/* --- what goes wrong --- */

unsigned world_controllers(const struct world *w)
{
    return w->seat_count;
}

unsigned world_leads(struct world *w)
{
    const struct seat *s = many_leader(w->many);
    return s ? s->number : w->seat_count;
}

uint32_t world_takeover_ms(const struct world *w)
{
    return w->many->takeover_ms;
}

void world_node_crash(struct world *w, unsigned node, uint64_t down_ms)
{
    die(&w->seats[node], down_ms);
    many_see(w->many);
}

void world_unpark(struct world *w)
{
    struct seat *s = many_leader(w->many);
    if (!s || !evac_shell_engine(s->shell)->parked)
        return;
    evac_shell_stop(s->shell);
    (void)many_settled(w->many, s, EVAC_OK);
    die(s, RESTART_MS);
    many_see(w->many);
}

void world_node_gone(struct world *w, unsigned node)
{
    die(&w->seats[node], 0);
    w->seats[node].gone = true;
    etcd_model_isolate(w->many->etcd, node, true, 0);
    many_see(w->many);
}

void world_node_pause(struct world *w, unsigned node, uint64_t ms)
{
    if (!w->seats[node].share || w->v.now_ms + ms < w->seats[node].paused_until_ms)
        return;
    w->seats[node].paused_until_ms = w->v.now_ms + ms;
    etcd_model_pause(w->many->etcd, node, ms);
}

void world_node_pause_at_commit(struct world *w, unsigned node, uint32_t n, uint64_t ms)
{
    w->seats[node].commits_to_stop = n;
    w->seats[node].stop_ms = ms;
}

void world_node_crash_at_commit(struct world *w, unsigned node, uint32_t n, uint64_t down_ms)
{
    w->seats[node].commits_to_stop = n;
    w->seats[node].stop_ms = 0;
    w->seats[node].down_ms = down_ms;
}

void world_node_cut(struct world *w, unsigned node, bool cut)
{
    etcd_model_cut_all(w->many->etcd, node, cut);
}

void world_node_blind(struct world *w, unsigned node, const char *region)
{
    world_blind(w, node, region);
    world_abstain(w, node, region != NULL || w->seats[node].alone);
}

void world_node_alone(struct world *w, unsigned node, bool alone)
{
    w->seats[node].alone = alone;
    world_node_cut(w, node, alone);
    world_abstain(w, node, alone || w->places[node].blind);
}

bool world_etcd(struct world *w, struct evac_str what)
{
    struct many *many = w->many;
    struct evac_str rest, verb = evac_str_cut(what, ' ', &rest);
    int64_t member = 0, lies_ms = 0;
    struct evac_str number = evac_str_cut(rest, ' ', &rest);
    if (number.n && (!evac_str_i64(number, &member) || member < 0 || member >= 3))
        return false;
    (void)evac_str_i64(rest, &lies_ms);
    if (evac_str_is(verb, "alone")) {
        etcd_model_isolate(many->etcd, (unsigned)member, true, (uint64_t)lies_ms);
    } else if (evac_str_is(verb, "joined")) {
        if (!w->seats[member].gone)
            etcd_model_isolate(many->etcd, (unsigned)member, false, 0);
    } else if (evac_str_is(verb, "headless")) {
        etcd_model_headless(many->etcd);
        many->headless = true;
    } else if (evac_str_is(verb, "elect")) {
        etcd_model_elect(many->etcd);
        many->headless = false;
    } else if (evac_str_is(verb, "wakes")) {
        etcd_model_old_leader_wakes(many->etcd);
    } else if (evac_str_is(verb, "full") || evac_str_is(verb, "free")) {
        etcd_model_no_space(many->etcd, evac_str_is(verb, "full"));
    } else {
        return false;
    }
    return true;
}

void world_many_calm(struct world *w)
{
    struct many *many = w->many;
    etcd_model_chances(many->etcd, (struct etcd_chances){ .trip_ms = many->share.chances.trip_ms });
    etcd_model_settle(many->etcd);
    etcd_model_no_space(many->etcd, false);
    if (many->headless)
        etcd_model_elect(many->etcd);
    many->headless = false;
    for (unsigned i = 0; i < w->seat_count; i++) {
        world_node_blind(w, i, NULL);
        world_node_alone(w, i, false);
        w->seats[i].back_at_ms = w->v.now_ms;
        w->seats[i].commits_to_stop = w->seats[i].requests_to_live = 0;
    }
    for (unsigned i = 0; i < ETCD_ENDPOINTS_MAX; i++)
        if (i >= w->seat_count || !w->seats[i].gone)
            etcd_model_isolate(many->etcd, i, false, 0);
    many_see(many);
}

/* --- do they think the same? --- */

static bool same(const struct evac_engine *a, const struct evac_engine *b)
{
    if (a->apps[0].active != b->apps[0].active || a->run_count != b->run_count ||
        evac_engine_serving(&a->apps[0]) != evac_engine_serving(&b->apps[0]))
        return false;
    for (const struct evac_run *r = a->runs; r; r = r->next) {
        const struct evac_run *other = evac_engine_run(b, r->id);
        if (!other || other->state != r->state)
            return false;
    }
    return true;
}

static const char *differs(const struct world *w, const struct seat *s, uint64_t rows)
{
    const struct evac_engine *leads = evac_shell_engine(w->shell), *own;
    if (s->gone)
        return "";
    if (!s->shell)
        return "has no shell in peace";
    own = evac_shell_engine(s->shell);
    if (own->next_seq <= rows)
        return "does not follow in peace";
    return own->next_seq == leads->next_seq && !same(leads, own)
               ? "thinks otherwise than the one that leads"
               : "";
}

static void find_difference(const struct world *w, uint64_t rows, char *text, size_t bytes)
{
    text[0] = '\0';
    for (unsigned i = 0; w->shell && i < w->seat_count; i++) {
        const struct seat *s = &w->seats[i];
        const char *why = differs(w, s, rows);
        if (why[0] && s->share)
            snprintf(text, bytes, "S15: %s %s: it %s, and has row %llu of %llu; %s", s->name, why,
                     evac_share_role_name(evac_share_view(s->share).role),
                     (unsigned long long)s->replica->vt->last_seq(s->replica),
                     (unsigned long long)w->seen_seq, evac_share_view(s->share).trouble);
        else if (why[0])
            snprintf(text, bytes, "S15: %s %s", s->name, why);
    }
}

/* Whoever stood still until now has to lose its lease, and to catch up. */
const char *world_differ(struct world *w, char *text, size_t bytes)
{
    const struct world_share *times = &w->many->share;
    uint64_t rows = w->seen_seq;
    uint64_t until = world_now(w) + times->ttl_ms + 2ull * times->poll_ms + times->request_ms;
    find_difference(w, rows, text, bytes);
    while (text[0] && world_now(w) < until) {
        world_run(w, times->poll_ms);
        find_difference(w, rows, text, bytes);
    }
    return text;
}

/* --- life --- */

static void check_times(struct many *many)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct world_share *s = &many->share;
    if (evac_share_times(s->ttl_ms, s->request_ms, s->poll_ms, s->election_ms, 120000,
                         &many->takeover_ms, &err)) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
}

struct many *many_new(struct world *w)
{
    struct many *many = calloc(1, sizeof *many);
    if (!many)
        abort();
    many->w = w;
    many->share = share_of(w);
    if (!many->share.chances.trip_ms)
        many->share.chances.trip_ms = 20;
    check_times(many);
    w->many = many;
    many->etcd = etcd_model_new(w->o.seed);
    etcd_model_watch(many->etcd, on_put, many);
    etcd_model_chances(many->etcd, many->share.chances);
    for (unsigned i = 0; i < w->seat_count; i++) {
        struct seat *s = &w->seats[i];
        s->replica = evac_store_new_memory(s->name, "boot");
        s->back_at_ms = w->v.now_ms;
        evac_virtual_later(&w->v, SECOND_MS, second, s);
        evac_virtual_later(&w->v, 1 + i * 100, tell_due, s);
        etcd_model_clock_rate(many->etcd, i, (int)etcd_model_random(many->etcd, 20001) - 10000);
    }
    w->store = w->seats[0].replica;
    many_see(many);
    return many;
}

void many_leave(struct many *many)
{
    for (unsigned i = 0; i < many->w->seat_count; i++) {
        die(&many->w->seats[i], 0);
        many->w->seats[i].gone = true;
    }
}

void many_free(struct many *many)
{
    for (unsigned i = 0; i < many->w->seat_count; i++)
        evac_store_close(many->w->seats[i].replica);
    etcd_model_free(many->etcd);
    free(many);
}
