#include "shell_notify.h"

#include "channel.h"
#include "routing.h"

#include <stdlib.h>
#include <string.h>

#define TAIL_MS    60000 /* rows that a crash may have kept from being told lie within that */
#define FLUSH_FROM 64u
#define ALPHABET   "abcdefghijklmnopqrstuvwxyz234567"

struct evac_outbox_now shell_outbox_now(const struct evac_shell *shell)
{
    struct evac_now now = shell_now(shell);
    return (struct evac_outbox_now){ now.boot_ms, now.wall_ms, now.random };
}

static const struct evac_notify_conf *conf_of(const struct evac_shell *shell)
{
    return &shell->model->controller.notify;
}

/* --- rows in ---------------------------------------------------------------------------------- */

void shell_notify_keep(struct evac_shell *shell, const struct evac_message *m)
{
    struct shell_notify *n = shell->notify;
    if (n->told_count == SHELL_TELLINGS_MAX) {
        n->lost++;
        return;
    }
    if (n->told_count == n->told_cap) {
        n->told_cap = n->told_cap ? 2 * n->told_cap : 16;
        n->told = realloc(n->told, n->told_cap * sizeof *n->told);
        if (!n->told)
            abort();
    }
    n->told[n->told_count++] = *m;
    n->due_ms = 0;
}

static bool serves(void *ctx, struct evac_str name, struct evac_str region)
{
    const struct evac_engine *engine = &((const struct evac_shell *)ctx)->engine;
    size_t i = evac_engine_app(engine, name);
    const struct evac_engine_app *a = i < engine->app_count ? &engine->apps[i] : NULL;
    for (size_t r = 0; a && r < a->app->region_count; r++)
        if (evac_str_eq(a->app->regions[r], region))
            return evac_engine_serving(a) >> r & 1;
    return true;
}

static bool acts(void *ctx, struct evac_str name)
{
    const struct evac_engine *engine = &((const struct evac_shell *)ctx)->engine;
    size_t i = evac_engine_app(engine, name);
    return i < engine->app_count && engine->apps[i].app->automatic == EVAC_POLICY_ACT;
}

static struct evac_str escalates(void *ctx, int64_t number)
{
    const struct evac_controller_conf *conf = &((const struct evac_shell *)ctx)->model->controller;
    return number >= 1 && (size_t)number <= conf->incident_escalate_count
               ? conf->incident_escalate[number - 1].to
               : EVAC_STR_NONE;
}

/* Of a long replay only what is young enough: the newest row moves the edge. */
static void forget_old(struct shell_notify *n, int64_t wall_ms)
{
    size_t keep = 0;
    for (size_t i = 0; i < n->told_count; i++)
        if (n->told[i].wall_ms >= wall_ms - TAIL_MS &&
            n->told[i].cause > evac_outbox_told(n->outbox))
            n->told[keep++] = n->told[i];
    n->told_count = keep;
}

void shell_notify_see(struct evac_shell *shell, const struct evac_record *r)
{
    struct shell_notify *n = shell->notify;
    const struct evac_tell_view view = { shell, serves, acts, escalates };
    struct evac_message out[EVAC_TELL_MAX];
    if (r->kind == EVAC_RECORD_NOTICE) {
        const struct evac_outbox_now now = shell_outbox_now(shell);
        evac_outbox_see(n->outbox, r, &now);
        return;
    }
    size_t count = evac_tell(&n->teller, r, &view, out);
    if (r->t_wall_ms > n->newest_wall_ms)
        n->newest_wall_ms = r->t_wall_ms;
    if (conf_of(shell)->channel_count == 0)
        return;
    if (!n->resumed && n->told_count >= 256)
        forget_old(n, r->t_wall_ms);
    for (size_t i = 0; i < count; i++)
        shell_notify_keep(shell, &out[i]);
}

/* --- rows out --------------------------------------------------------------------------------- */

enum evac_code shell_notify_write(struct evac_shell *shell, struct evac_outbox_rows *rows,
                                  struct evac_err *err)
{
    struct evac_event event = { .kind = EVAC_EVENT_NOTE };
    enum evac_code code = EVAC_OK;
    event.u.note.rows = rows->items;
    event.u.note.count = rows->count;
    if (rows->count)
        code = evac_shell_event(shell, &event, err);
    rows->count = 0;
    evac_arena_free(rows->arena);
    rows->arena = evac_arena_new();
    return code;
}

static void draw_id(const struct evac_shell *shell, char id[EVAC_NOTICE_ID_BYTES])
{
    unsigned char bits[EVAC_NOTICE_ID_BYTES - 1];
    shell->o.host->random(shell->o.host->ctx, bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++)
        id[i] = ALPHABET[bits[i] & 31];
    id[sizeof bits] = '\0';
}

static void put_link(const struct evac_notify_conf *conf, struct evac_message *m)
{
    struct evac_str base = conf->public_url;
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    if (base.n == 0)
        return;
    if (m->run)
        evac_notice_text(m->link, sizeof m->link, "%.*s/#/runs/%llu", EVAC_STR_ARG(base),
                         (unsigned long long)m->run);
    else if (m->app[0])
        evac_notice_text(m->link, sizeof m->link, "%.*s/#/apps/%s", EVAC_STR_ARG(base), m->app);
    else
        evac_notice_text(m->link, sizeof m->link, "%.*s/#/fleet", EVAC_STR_ARG(base));
}

/* What ends a matter must see it open, so the rows before it are folded first. */
static bool must_flush(const struct evac_outbox_rows *rows, const struct evac_message *m)
{
    return rows->count && (rows->count > FLUSH_FROM || m->state == EVAC_NOTICE_RESOLVE ||
                           m->state == EVAC_NOTICE_ACKNOWLEDGE);
}

static enum evac_code queue_all(struct evac_shell *shell, struct evac_outbox_rows *rows,
                                struct evac_err *err)
{
    struct shell_notify *n = shell->notify;
    const struct evac_notify_conf *conf = conf_of(shell);
    int64_t wall_ms = shell_now(shell).wall_ms;
    enum evac_code code = EVAC_OK;
    for (size_t i = 0; !code && i < n->told_count; i++) {
        struct evac_message *m = &n->told[i];
        if (must_flush(rows, m))
            code = shell_notify_write(shell, rows, err);
        if (code)
            break;
        draw_id(shell, m->id);
        put_link(conf, m);
        evac_outbox_queue(n->outbox, m, evac_routing(conf, m, &evac_zones_libc, wall_ms), rows);
    }
    n->told_count = 0;
    return code ? code : shell_notify_write(shell, rows, err);
}

static bool gathers(void *ctx, struct evac_str region)
{
    return evac_tell_has_incident(&((const struct evac_shell *)ctx)->notify->teller, region);
}

static enum evac_code sweep(struct evac_shell *shell, struct evac_outbox_rows *rows,
                            struct evac_err *err)
{
    enum evac_code code = EVAC_OK;
    do {
        const struct evac_outbox_now now = shell_outbox_now(shell);
        evac_outbox_sweep(shell->notify->outbox, &now, gathers, shell, rows);
        if (rows->count == 0)
            return EVAC_OK;
        code = shell_notify_write(shell, rows, err);
    } while (!code);
    return code;
}

static enum evac_code resume(struct evac_shell *shell, struct evac_outbox_rows *rows,
                             struct evac_err *err)
{
    struct shell_notify *n = shell->notify;
    n->resumed = true;
    evac_outbox_resume(n->outbox, rows);
    return shell_notify_write(shell, rows, err);
}

static enum evac_code pump(struct evac_shell *shell, struct evac_outbox_rows *rows,
                           struct evac_err *err)
{
    struct shell_notify *n = shell->notify;
    enum evac_code code = n->resumed ? EVAC_OK : resume(shell, rows, err);
    code = code ? code : queue_all(shell, rows, err);
    code = code ? code : sweep(shell, rows, err);
    if (code)
        return code;
    const struct evac_outbox_now now = shell_outbox_now(shell);
    evac_outbox_try(n->outbox, &now, rows);
    code = shell_notify_write(shell, rows, err);
    if (code || shell->accepted != shell->durable)
        return code; /* that it is tried must be durable, or it could be sent twice unknowingly */
    return shell_notify_send(shell, err);
}

/* What nobody may write now is told when the lead is there: its rows are in the journal. */
enum evac_code shell_notify_tick(struct evac_shell *shell, struct evac_err *err)
{
    struct shell_notify *n = shell->notify;
    struct evac_outbox_rows *rows;
    uint64_t now = shell_now(shell).boot_ms;
    if (!shell->engine.lead || shell->failed) {
        n->told_count = 0;
        n->due_ms = n->look_ms = UINT64_MAX; /* a reload looks again */
        return EVAC_OK;
    }
    shell_notify_watch(shell);
    if (now < n->due_ms)
        return EVAC_OK;
    rows = calloc(1, sizeof *rows);
    if (!rows)
        abort();
    rows->arena = evac_arena_new();
    enum evac_code code = pump(shell, rows, err);
    evac_arena_free(rows->arena);
    free(rows);
    n->due_ms = n->told_count ? 0 : evac_outbox_wake_ms(n->outbox);
    return code;
}

enum evac_code shell_notify_durable(struct evac_shell *shell, struct evac_err *err)
{
    return shell->accepted == shell->durable ? shell_notify_send(shell, err) : EVAC_OK;
}

uint64_t shell_notify_wake_ms(const struct evac_shell *shell)
{
    const struct shell_notify *n = shell->notify;
    return n->due_ms < n->look_ms ? n->due_ms : n->look_ms;
}

/* --- life ------------------------------------------------------------------------------------- */

struct shell_notify *shell_notify_new(void)
{
    struct shell_notify *n = calloc(1, sizeof *n);
    if (!n)
        abort();
    n->outbox = evac_outbox_new();
    n->look_ms = UINT64_MAX;
    return n;
}

void shell_notify_free(struct shell_notify *n)
{
    if (!n)
        return;
    evac_outbox_free(n->outbox);
    free(n->told);
    free(n);
}

void shell_notify_load(struct evac_shell *shell)
{
    struct shell_notify *n = shell->notify;
    evac_outbox_configure(n->outbox, conf_of(shell));
    n->due_ms = 0;
    n->look_ms = conf_of(shell)->channel_count ? 0 : UINT64_MAX;
}

/* After the replay: what was told, or is too old to be news, is not told again. */
void shell_notify_replayed(struct evac_shell *shell)
{
    forget_old(shell->notify, shell->notify->newest_wall_ms);
}

/* --- for people ------------------------------------------------------------------------------- */

static void test_message(const struct evac_shell *shell, struct evac_str who,
                         struct evac_message *m)
{
    *m = (struct evac_message){ .state = EVAC_NOTICE_NEWS,
                                .kind = EVAC_ABOUT_TEST,
                                .severity = EVAC_URGENCY_INFO,
                                .wall_ms = shell_now(shell).wall_ms };
    draw_id(shell, m->id);
    evac_notice_text(m->key, sizeof m->key, "test/%.8s", m->id);
    evac_notice_text(m->title, sizeof m->title, "TEST from evac: nothing is wrong");
    evac_notice_text(m->text, sizeof m->text,
                     "%.*s asked the controller %.*s for this message, to see that it arrives",
                     EVAC_STR_ARG(who), EVAC_STR_ARG(shell->model->controller.node));
    put_link(conf_of(shell), m);
}

/* News, or for those who take none a matter that is over as soon as it arrived. */
static enum evac_code queue_test(struct evac_shell *shell, struct evac_str who, uint32_t to,
                                 struct evac_err *err)
{
    const struct evac_notify_conf *conf = conf_of(shell);
    struct evac_outbox_rows *rows = calloc(1, sizeof *rows);
    struct evac_message m;
    if (!rows)
        abort();
    rows->arena = evac_arena_new();
    test_message(shell, who, &m);
    evac_outbox_queue(shell->notify->outbox, &m, to, rows);
    for (size_t i = 0; i < conf->channel_count; i++)
        if (evac_channel_takes_news(conf->channels[i].type))
            to &= ~(UINT32_C(1) << i);
    m.state = EVAC_NOTICE_TRIGGER;
    evac_outbox_queue(shell->notify->outbox, &m, to, rows);
    enum evac_code code = shell_notify_write(shell, rows, err);
    shell->notify->due_ms = 0;
    evac_arena_free(rows->arena);
    free(rows);
    return code;
}

enum evac_code evac_shell_notify_test(struct evac_shell *shell, struct evac_str channel,
                                      struct evac_str who, uint64_t *ret_after,
                                      struct evac_err *err)
{
    const struct evac_notify_conf *conf = conf_of(shell);
    size_t at = evac_channel_index(conf, channel);
    if (conf->channel_count == 0)
        return evac_fail(err, EVAC_E_NOTFOUND,
                         "there are no channels; notify.channels in evac.cfg says who is told");
    if (channel.n && at == conf->channel_count)
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no channel '%.*s'", EVAC_STR_ARG(channel));
    if (!shell->engine.lead)
        return evac_fail(err, EVAC_E_NOLEAD, "this controller does not hold the lead");
    *ret_after = shell->o.store->vt->last_seq(shell->o.store);
    return queue_test(shell, who, channel.n ? UINT32_C(1) << (at % EVAC_CHANNELS_MAX) : UINT32_MAX,
                      err);
}

void evac_shell_notify_to_json(const struct evac_shell *shell, struct evac_jw *w)
{
    const struct evac_outbox_now now = shell_outbox_now(shell);
    evac_outbox_to_json(shell->notify->outbox, &now, w);
}

const char *evac_shell_channel_fails(const struct evac_shell *shell, struct evac_str channel)
{
    return evac_outbox_fails(shell->notify->outbox, channel);
}

struct evac_outbox *evac_shell_outbox(const struct evac_shell *shell)
{
    return shell->notify->outbox;
}
