/*
 * A controller that starts from a journal which another one left, or which somebody made up: it
 * takes up what it finds and goes on for some minutes, with drivers that answer as the input's
 * first byte draws. Whatever the rows say: it neither breaks nor stops, and one that starts from
 * what it wrote finds the same runs. Behind a "\x1e" people speak, and others tell what they saw.
 */
#include "builtin.h"
#include "builtin_runbooks.h"
#include "conf.h"
#include "rows_text.h"
#include "shell.h"
#include "store_memory.h"
#include "virtual.h"

#include <stdio.h>
#include <string.h>

#define EVENTS_MAX 400

struct call {
    struct controller *c;
    evac_done_fn *done;
    void *user;
    enum evac_verb verb;
};

struct controller {
    struct evac_virtual v;
    struct evac_host host;
    struct evac_shell *shell;
    unsigned open; /* answers that are on their way */
};

static struct evac_model *model;
static struct evac_buf plan_text;

static void load(void)
{
    static const char *const names[] = { "evac.cfg", "app.cfg", "runbook.cfg" };
    static struct evac_buf texts[3];
    struct evac_conf_text files[3];
    struct evac_diag diag = { .arena = evac_arena_new() };
    struct evac_plan *plan = NULL;
    struct evac_err err = { EVAC_OK, "" };
    for (size_t i = 0; i < 3; i++) {
        struct evac_str path =
            evac_arena_printf(diag.arena, "%s/tests/fuzz/shop/%s", EVAC_SOURCE_DIR, names[i]);
        evac_buf_init(&texts[i], 1u << 20);
        MUST(evac_conf_read_file(path.p, &texts[i], &err) == EVAC_OK);
        files[i] = (struct evac_conf_text){ names[i], evac_buf_str(&texts[i]) };
    }
    MUST(evac_conf_parse(files, 3, &diag, &model, &err) == EVAC_OK);
    const struct evac_plan_request request = { .model = model,
                                               .app = &model->apps[0],
                                               .catalog = evac_builtin_catalog(),
                                               .workflow = EVAC_WORKFLOW_FAILOVER,
                                               .mode = EVAC_MODE_UNGRACEFUL,
                                               .from = model->apps[0].regions[0],
                                               .to = model->apps[0].regions[1] };
    MUST(evac_plan_compile(&request, &diag, &plan, &err) == EVAC_OK);
    evac_buf_init(&plan_text, 1u << 20);
    evac_plan_to_json(plan, &plan_text);
    evac_plan_free(plan);
    evac_arena_free(diag.arena);
}

/* --- drivers that answer by chance -------------------------------------------------------------
 */

static void answered(void *owner, void *what)
{
    struct controller *c = owner;
    struct call *call = what;
    struct evac_reply reply = { .verb = call->verb };
    c->open--;
    reply.seen = (enum evac_seen)evac_virtual_below(&c->v, EVAC_SEEN_COUNT);
    reply.outcome = (enum evac_outcome)evac_virtual_below(&c->v, EVAC_OUTCOME_COUNT);
    reply.reason = EVAC_STR("by chance");
    call->done(call->user, &reply); /* after the shell's end, too: it is dropped */
    free(call);
}

static enum evac_code answer(void *user, const struct evac_call_effect *effect,
                             const struct evac_driver *driver, const struct evac_call *call,
                             evac_done_fn *done, void *done_user, struct evac_err *err)
{
    struct controller *c = user;
    (void)effect, (void)driver;
    if (evac_virtual_below(&c->v, 16) == 0)
        return evac_fail(err, EVAC_E_REFUSED, "by chance");
    struct call *kept = malloc(sizeof *kept);
    MUST(kept);
    *kept = (struct call){ c, done, done_user, call->verb };
    c->open++;
    evac_virtual_later(&c->v, evac_virtual_below(&c->v, 3000), answered, kept);
    return EVAC_OK;
}

static enum evac_code begin(struct controller *c, struct evac_store *store, uint64_t boot_ms,
                            int64_t wall_ms, unsigned seed, struct evac_err *err)
{
    memset(c, 0, sizeof *c);
    evac_virtual_init(&c->v, c, boot_ms, wall_ms, seed);
    c->host = evac_virtual_host(&c->v);
    const struct evac_shell_options options = { .host = &c->host,
                                                .look_host = &c->host,
                                                .catalog = evac_builtin_catalog(),
                                                .store = store,
                                                .user = c,
                                                .answer = answer };
    return evac_shell_new(&options, model, &c->shell, err);
}

static void end(struct controller *c)
{
    struct evac_due due;
    evac_shell_free(c->shell);
    c->shell = NULL;
    while (evac_virtual_take(&c->v, &due))
        if (!evac_virtual_is_timer(&due))
            due.fn(c, due.what);
    MUST(c->open == 0);
    evac_virtual_done(&c->v);
}

/* Beside what the journal knows. */
static void ask(struct controller *c, unsigned what)
{
    const struct evac_wish wish = { .app = model->apps[0].name,
                                    .workflow =
                                        what & 1 ? EVAC_WORKFLOW_FAILOVER : EVAC_WORKFLOW_FAILBACK,
                                    .mode = what & 2 ? EVAC_MODE_UNGRACEFUL : EVAC_MODE_GRACEFUL,
                                    .rehearse = what & 4,
                                    .proposed = what & 8,
                                    .who = EVAC_STR("ann"),
                                    .why = EVAC_STR("to see"),
                                    .overrides = what & 16 ? UINT16_MAX : 0 };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t run = 0;
    if (what & 32)
        MUST(evac_shell_begin(c->shell, &wish, &run, &err) || run > 0);
}

/* People's words, five bytes each: a verb, a step, what it is about, a value, and how long after
 * the one before. Each is answered, with words when the answer is no. */
static void say(struct controller *c, struct fuzz_input *in)
{
    static const struct evac_str
        owners[] = { { "ann", 3 }, { "", 0 } },
        conditions[] = { { "lint", 4 }, { "drill", 5 }, { "none", 4 }, { "", 0 } },
        gates[] = { { "", 0 }, { "rpo", 3 }, { "readiness", 9 }, { "none", 4 } },
        regions[] = { { "us-west-2", 9 }, { "us-east-1", 9 }, { "mars", 4 }, { "", 0 } };
    static const int64_t values[] = { 0, 1, 2, -1, 1000, 3600000, INT64_MAX, INT64_MIN };
    const struct evac_engine *engine = evac_shell_engine(c->shell);
    const struct evac_run *run = engine->apps[0].run;
    unsigned verb = fuzz_byte(in), step = fuzz_byte(in), about = fuzz_byte(in),
             value = fuzz_byte(in);
    struct evac_event event = { .kind = EVAC_EVENT_COMMAND };
    struct evac_command *cmd = &event.u.command;
    struct evac_err err = { EVAC_OK, "" };
    cmd->verb = (enum evac_command_verb)(verb % EVAC_CMD_COUNT);
    cmd->run = about & 1 ? 0 : about & 2 ? 77 : run ? run->id : 1;
    cmd->app = about & 4 ? EVAC_STR_NONE : about & 8 ? EVAC_STR("nobody") : model->apps[0].name;
    if (run && step < run->plan->step_count)
        cmd->step = run->plan->steps[step].id;
    else if (step & 1)
        cmd->step = EVAC_STR("none");
    cmd->reason = about & 16 ? EVAC_STR_NONE : EVAC_STR("to see");
    cmd->who = about & 32 ? EVAC_STR("bob") : EVAC_STR("ann");
    cmd->owner = owners[about >> 6 & 1];
    cmd->value = values[value & 7];
    cmd->condition = conditions[value >> 3 & 3];
    cmd->gate = gates[value >> 3 & 3];
    cmd->region = regions[value >> 5 & 3];
    cmd->incident = about & 128 ? regions[value >> 5 & 3] : EVAC_STR_NONE;
    if (evac_shell_event(c->shell, &event, &err))
        MUST(err.text[0]);
}

/* What the engine is told by others than people: facts about an app, rows to keep, the lead. */
static void tell(struct controller *c, struct fuzz_input *in)
{
    unsigned kind = fuzz_byte(in) % 4, a = fuzz_byte(in), b = fuzz_byte(in), n = fuzz_byte(in);
    struct evac_event event = { .kind = EVAC_EVENT_ASSURE };
    struct evac_record row = { .kind = (enum evac_record_kind)(a % EVAC_RECORD_KIND_COUNT),
                               .app = model->apps[0].name,
                               .text = EVAC_STR("kept") };
    struct evac_err err = { EVAC_OK, "" };
    if (kind == 0) {
        event.u.assure.app = (uint16_t)(a & 1);
        event.u.assure.region = (uint16_t)(b & 3);
        event.u.assure.kind = (enum evac_assurance_kind)(n & 3);
        event.u.assure.known = n & 8;
        event.u.assure.ok = n & 4;
        event.u.assure.number = b;
        event.u.assure.text = EVAC_STR("looked");
    } else if (kind == 1) {
        event.kind = EVAC_EVENT_NOTE;
        event.u.note.rows = &row;
        event.u.note.count = n & 1;
    } else if (kind == 2) {
        event.kind = EVAC_EVENT_PROBE;
        event.u.probe.app = (uint16_t)(a & 1);
        event.u.probe.result.probe = (uint16_t)(b & 1);
        event.u.probe.result.region = (uint16_t)(b >> 1 & 1);
        event.u.probe.result.ok = n & 1;
        event.u.probe.result.vantage = (uint16_t)(n >> 1 & 1);
        event.u.probe.result.reason = EVAC_STR("seen");
        event.u.probe.result.sent_boot_ms = event.u.probe.result.boot_ms = c->v.now_ms;
        event.u.probe.result.wall_ms = evac_virtual_wall_ms(&c->v);
    } else {
        event.kind = EVAC_EVENT_ANCHORS;
        event.u.abstains = n & 1;
    }
    (void)evac_shell_event(c->shell, &event, &err);
}

static void live(struct controller *c, unsigned what, struct fuzz_input *in)
{
    struct evac_err err = { EVAC_OK, "" };
    unsigned wait = 0;
    ask(c, what);
    for (int i = 0; i < EVENTS_MAX && !evac_shell_failed(c->shell); i++) {
        uint64_t wake = evac_shell_wake_ms(c->shell), next = evac_virtual_next_ms(&c->v);
        if (in->n && wait-- == 0) {
            unsigned which = fuzz_byte(in);
            wait = which >> 4;
            if (which & 1)
                tell(c, in);
            else
                say(c, in);
            continue;
        }
        if (wake == UINT64_MAX && next == UINT64_MAX)
            break;
        if (next <= wake) {
            evac_virtual_run_next(&c->v);
        } else {
            if (wake > c->v.now_ms)
                c->v.now_ms = wake;
            (void)evac_shell_tick(c->shell, &err);
        }
    }
    MUST(!evac_shell_failed(c->shell));
}

/* What a life wrote, as a seed: EVAC_DUMP=file. */
static bool dump(void *user, const struct evac_row *row)
{
    const struct evac_record *r = &row->record;
    bool is_plan = evac_str_eq(r->data, evac_buf_str(&plan_text));
    fprintf(user, "%s\t%llu\t%d\t%u\t200\t%lld", evac_record_kind_name(r->kind),
            (unsigned long long)r->run, (int)r->step, r->attempt, (long long)r->number);
    const struct evac_str texts[] = {
        r->app,   r->name,       r->from,
        r->event, r->to,         r->who,
        r->text,  r->request_id, is_plan ? EVAC_STR("@plan") : r->data
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        fprintf(user, "\t%.*s", EVAC_STR_ARG(texts[i]));
    fputc('\n', user);
    return true;
}

static void dump_all(struct evac_store *store)
{
    const struct evac_store_filter filter = { 0 };
    FILE *f = getenv("EVAC_DUMP") ? fopen(getenv("EVAC_DUMP"), "w") : NULL;
    if (!f)
        return;
    fputs("\1\43", f);
    (void)store->vt->read(store, &filter, dump, f, NULL);
    (void)fclose(f);
}

static bool see_last(void *user, const struct evac_row *row)
{
    *(struct evac_record *)user = row->record;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct evac_record rows[ROWS_TEXT_MAX];
    struct fuzz_input in = { data, size };
    struct controller c;
    struct evac_record last = { .t_boot_ms = ROWS_TEXT_BOOT, .t_wall_ms = ROWS_TEXT_WALL };
    struct evac_err err = { EVAC_OK, "" };
    if (!model)
        load();
    unsigned seed = fuzz_byte(&in), what = fuzz_byte(&in);
    struct evac_store *store = evac_store_new_memory("n", "b");
    size_t n = rows_text_read(fuzz_line(&in, '\x1e'), evac_buf_str(&plan_text), rows);
    MUST(n == 0 || store->vt->append(store, rows, n, &err) == EVAC_OK);
    for (int life = 0; life < 2; life++) {
        const struct evac_store_filter filter = { 0 };
        MUST(store->vt->read(store, &filter, see_last, &last, &err) == EVAC_OK);
        if (begin(&c, store, last.t_boot_ms + 1000, last.t_wall_ms + 1000, seed + (unsigned)life,
                  &err)) {
            MUST(err.text[0]);
            end(&c);
            break;
        }
        if (life == 0)
            live(&c, what, &in);
        end(&c);
    }
    dump_all(store);
    evac_store_close(store);
    return 0;
}
