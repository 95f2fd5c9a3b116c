/*
 * A yes by phone: a challenge is made for an approver whom the network does not reach, and their
 * answer, which somebody else types in, counts as their yes (challenge.h, challenges.h). Whoever
 * asks for the one and types the other is in the journal too.
 */
#include "api_routes.h"

#include "draw.h"
#include "people.h"
#include "text.h"

#include <openssl/crypto.h>
#include <stdio.h>

/* Whose yes to what. */
struct subject {
    const struct evac_run *run;
    const struct evac_approver_conf *approver;
    uint32_t step;
};

static const struct evac_approver_conf *find_approver(const struct evac_model *model,
                                                      struct evac_str name)
{
    for (size_t i = 0; i < model->controller.approver_count; i++)
        if (evac_str_eq(model->controller.approvers[i].name, name))
            return &model->controller.approvers[i];
    return NULL;
}

static void no_approver(struct api_call *c, struct evac_str name)
{
    const struct evac_controller_conf *conf = &evac_daemon_model(c->daemon)->controller;
    struct evac_buf known;
    evac_buf_init(&known, 4096);
    for (size_t i = 0; i < conf->approver_count; i++)
        evac_buf_putf(&known, "%s%.*s", i ? ", " : "", EVAC_STR_ARG(conf->approvers[i].name));
    evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND,
                  "there is no approver '%.*s' who may be telephoned; approvers in evac.cfg: %s",
                  EVAC_STR_ARG(name), known.n ? known.p : "none");
    evac_buf_done(&known);
}

/* False: it was answered. */
static bool find_subject(struct api_call *c, uint64_t run, struct evac_str approver,
                         struct subject *ret)
{
    ret->run = evac_engine_run(api_engine(c), run);
    ret->approver = find_approver(evac_daemon_model(c->daemon), approver);
    ret->step = EVAC_NO_STEP;
    if (!ret->run)
        evac_problemf(c->r, EVAC_PROBLEM_NOT_FOUND, "no run %llu goes on: GET /v1/runs lists them",
                      (unsigned long long)run);
    else if (!ret->approver)
        no_approver(c, approver);
    return ret->run && ret->approver;
}

static struct evac_str place_of(const struct subject *s)
{
    return s->step == EVAC_NO_STEP ? EVAC_STR("start") : s->run->plan->steps[s->step].id;
}

static struct evac_challenge_facts facts_of(const struct subject *s)
{
    const struct evac_plan *plan = s->run->plan;
    return (struct evac_challenge_facts){ plan->app, plan->from, plan->to,
                                          evac_str(evac_mode_name(s->run->mode)) };
}

static uint64_t nonce_of(const struct api_call *c, const struct subject *s,
                         const uint8_t seed[EVAC_CHALLENGE_SEED])
{
    const struct evac_plan *plan = s->run->plan;
    const struct evac_challenge_context context = {
        .node = evac_daemon_model(c->daemon)->controller.node,
        .plan_hash = evac_str(plan->hash),
        .place = place_of(s),
        .workflow = evac_str(evac_workflow_name(plan->workflow)),
        .approver = s->approver->name
    };
    return evac_challenge_nonce(seed, &context);
}

/* Is it still what was read out? */
static bool is_of_now(const struct api_call *c, const struct subject *s,
                      const struct evac_challenge_kept *k)
{
    const struct evac_challenge_facts facts = facts_of(s);
    int64_t loss = k->loss_ms < 0 ? EVAC_LOSS_UNKNOWN : k->loss_ms;
    return k->step == s->step && nonce_of(c, s, k->seed) == k->code.nonce &&
           evac_challenge_digest(&facts) == k->code.facts && !evac_run_loss_outgrew(s->run, loss);
}

static enum evac_code read_key(const struct subject *s, uint8_t key[EVAC_APPROVER_KEY],
                               struct evac_err *err)
{
    char path[1024];
    (void)evac_str_copy(path, sizeof path, s->approver->key);
    if (!evac_approver_key_read(path, key, err))
        return EVAC_OK;
    return err->code = EVAC_E_BADCONF;
}

/* --- whose yes it is
 * --------------------------------------------------------------------------- */

static enum evac_code name_them(const struct evac_controller_conf *conf, const struct subject *s,
                                const char *id, struct api_phone *ret, struct evac_err *err)
{
    const struct evac_approver_conf *a = s->approver;
    char who[EVAC_WHO_MAX];
    int n = snprintf(who, sizeof who, "offline:%.*s by %s%s%.*s", EVAC_STR_ARG(a->name), id,
                     a->person.n ? " for " : "", EVAC_STR_ARG(a->person));
    if (n < 0 || (size_t)n >= sizeof who || !evac_people_name(conf, evac_str(who), ret->who))
        return evac_fail(err, EVAC_E_BADCONF, "the approver's name and person are too long");
    ret->caller = (struct evac_caller){ .who = evac_str(ret->who), .remote = true };
    return EVAC_OK;
}

/* Before anybody is rung up at night: would it count? */
static enum evac_code would_count(const struct api_call *c, const struct subject *s,
                                  struct evac_err *err)
{
    char text[200];
    struct evac_text why;
    struct api_phone phone;
    const struct evac_model *model = evac_daemon_model(c->daemon);
    const struct evac_app *app = evac_model_app(model, s->run->plan->app);
    if (name_them(&model->controller, s, "challenge", &phone, err))
        return err->code;
    const struct evac_command cmd = { .who = phone.caller.who,
                                      .caller = &phone.caller,
                                      .roles = evac_roles_of(model->controller.roles,
                                                             app ? app->roles : NULL,
                                                             s->run->plan->app, &phone.caller) };
    evac_text_init(&why, text, sizeof text);
    enum evac_code code = evac_run_yes_refused(s->run, s->step, &cmd, &why);
    return code ? evac_fail(err, code, "to %s: %s", phone.who, text) : EVAC_OK;
}

/* --- made
 * --------------------------------------------------------------------------------------- */

static struct evac_challenge_kept make(const struct api_call *c, const struct subject *s)
{
    const struct evac_challenge_facts facts = facts_of(s);
    struct evac_challenge_kept k = { .run = s->run->id,
                                     .step = s->step,
                                     .made_ms = evac_daemon_wall_ms(c->daemon) };
    k.loss_ms = s->run->loss_ms == EVAC_LOSS_UNKNOWN ? -1 : s->run->loss_ms;
    evac_draw(k.seed, sizeof k.seed);
    k.code = (struct evac_challenge){ .run = (uint32_t)s->run->id,
                                      .end_min = (k.made_ms + EVAC_CHALLENGE_MS) / 60000,
                                      .nonce = nonce_of(c, s, k.seed),
                                      .loss = evac_loss_bucket(k.loss_ms),
                                      .facts = evac_challenge_digest(&facts) };
    k.ends_ms = k.code.end_min * 60000;
    return k;
}

static void put_challenge(struct api_call *c, const struct subject *s,
                          const struct evac_challenge_kept *k)
{
    char text[EVAC_CHALLENGE_TEXT];
    struct evac_jw w = api_writer(c);
    const struct evac_challenge_facts facts = facts_of(s);
    evac_challenge_write(&k->code, text);
    evac_jw_open(&w, NULL, '{');
    evac_jw_i64(&w, "run", (int64_t)k->run);
    evac_jw_str(&w, "approver", s->approver->name);
    evac_jw_cstr(&w, "code", text);
    evac_jw_str(&w, "app", facts.app);
    evac_jw_str(&w, "from", facts.from);
    evac_jw_str(&w, "to", facts.to);
    evac_jw_str(&w, "mode", facts.mode);
    evac_jw_cstr(&w, "workflow", evac_workflow_name(s->run->plan->workflow));
    evac_jw_str(&w, "place", place_of(s));
    evac_jw_cstr(&w, "loss", evac_loss_words(k->code.loss));
    evac_jw_i64(&w, "now_ms", evac_daemon_wall_ms(c->daemon));
    evac_jw_i64(&w, "ends_ms", k->ends_ms);
    evac_jw_i64(&w, "attempts_left", (int64_t)EVAC_CHALLENGE_ATTEMPTS - k->wrong);
    evac_jw_close(&w, '}');
}

static enum evac_code keep(struct api_call *c, const struct subject *s,
                           const struct evac_challenge_kept *k, struct evac_err *err)
{
    char text[EVAC_CHALLENGE_TEXT], seed[2 * EVAC_CHALLENGE_SEED + 1], data[128];
    for (size_t i = 0; i < EVAC_CHALLENGE_SEED; i++)
        snprintf(seed + 2 * i, 3, "%02x", k->seed[i]);
    evac_challenge_write(&k->code, text);
    snprintf(data, sizeof data, "{\"seed\":\"%s\",\"loss_ms\":%lld,\"step\":%lld}", seed,
             (long long)k->loss_ms, k->step == EVAC_NO_STEP ? -1LL : (long long)k->step);
    const struct evac_record row = { .kind = EVAC_RECORD_CHALLENGE,
                                     .run = k->run,
                                     .step = EVAC_NO_STEP,
                                     .app = s->run->plan->app,
                                     .name = s->approver->name,
                                     .to = EVAC_STR("made"),
                                     .who = c->q->caller.who,
                                     .text = evac_str(text),
                                     .number = k->ends_ms,
                                     .data = evac_str(data) };
    api_request_answers(c, evac_buf_str(&c->r->body));
    return evac_daemon_note(c->daemon, &row, 1, err);
}

static enum evac_code may_make(struct api_call *c, struct subject *s,
                               const struct evac_challenge_kept *old, struct evac_err *err)
{
    uint8_t key[EVAC_APPROVER_KEY];
    int64_t now = evac_daemon_wall_ms(c->daemon);
    if (!evac_run_asks(s->run, api_text(c, "step"), &s->step))
        return evac_fail(err, EVAC_E_REFUSED,
                         "nothing here waits for an approval (name the step if several do)");
    if (s->run->id >= EVAC_CHALLENGE_RUNS)
        return evac_fail(err, EVAC_E_TOOBIG, "the run's number is too large to be read out");
    if (evac_challenge_state(old, now) == EVAC_CHALLENGE_DEAD && now < old->ends_ms)
        return evac_fail(err, EVAC_E_REFUSED,
                         "five answers were wrong: there is another challenge for %.*s in %lld s",
                         EVAC_STR_ARG(s->approver->name),
                         (long long)(old->ends_ms - now + 999) / 1000);
    if (!old && !evac_challenges_have_room(evac_daemon_challenges(c->daemon), now))
        return evac_fail(err, EVAC_E_TOOBIG, "%u challenges are live: wait for one to end",
                         EVAC_CHALLENGES_MAX);
    enum evac_code code = would_count(c, s, err);
    code = code ? code : read_key(s, key, err);
    OPENSSL_cleanse(key, sizeof key);
    return code;
}

/* One that is live and of now is told again: nobody gets more guesses by asking often. */
void api_make_challenge(struct api_call *c)
{
    uint64_t run;
    struct subject s;
    struct evac_challenge_kept k;
    struct evac_err err = { EVAC_OK, "" };
    if (!api_run(c, &run) || !find_subject(c, run, api_text(c, "approver"), &s))
        return;
    const struct evac_challenge_kept *old =
        evac_challenges_find(evac_daemon_challenges(c->daemon), run, s.approver->name);
    if (may_make(c, &s, old, &err)) {
        api_fail(c, &err);
        return;
    }
    if (evac_challenge_state(old, evac_daemon_wall_ms(c->daemon)) == EVAC_CHALLENGE_LIVE &&
        is_of_now(c, &s, old)) {
        put_challenge(c, &s, old);
        return;
    }
    k = make(c, &s);
    k.wrong =
        old && !old->used && k.made_ms < old->ends_ms ? old->wrong : 0; /* as the fold has it */
    put_challenge(c, &s, &k);
    if (keep(c, &s, &k, &err))
        api_fail(c, &err);
}

/* --- answered
 * ----------------------------------------------------------------------------------- */

/* Durable before anybody hears that it was wrong: a controller that is killed does not forget. */
static enum evac_code count_wrong(struct api_call *c, const struct subject *s,
                                  const struct evac_challenge_kept *k, struct evac_err *err)
{
    const uint32_t wrong = k->wrong + 1;
    const struct evac_record row = { .kind = EVAC_RECORD_CHALLENGE,
                                     .run = k->run,
                                     .step = EVAC_NO_STEP,
                                     .app = s->run->plan->app,
                                     .name = s->approver->name,
                                     .to = EVAC_STR("wrong"),
                                     .who = c->q->caller.who,
                                     .attempt = wrong };
    evac_shell_ask(evac_daemon_shell(c->daemon), NULL); /* it answers no key: it is refused */
    if (evac_daemon_note(c->daemon, &row, 1, err))
        return err->code;
    if (wrong >= EVAC_CHALLENGE_ATTEMPTS)
        return evac_fail(err, EVAC_E_REFUSED,
                         "that is not the answer, for the fifth time: the challenge is dead");
    return evac_fail(err, EVAC_E_REFUSED,
                     "that is not the answer (was all of it typed as it was read out?): %u more "
                     "may be tried",
                     EVAC_CHALLENGE_ATTEMPTS - wrong);
}

static enum evac_code is_right(const struct subject *s, const struct evac_challenge_kept *k,
                               const char text[EVAC_RESPONSE_TEXT], bool *ret_right,
                               struct evac_err *err)
{
    uint8_t key[EVAC_APPROVER_KEY];
    char expected[EVAC_RESPONSE_TEXT];
    const struct evac_challenge_facts facts = facts_of(s);
    enum evac_code code = read_key(s, key, err);
    if (!code) {
        evac_response_make(key, &k->code, &facts, expected);
        *ret_right = evac_response_is(text, expected);
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(expected, sizeof expected);
    return code;
}

/* Does the place that it was made for wait still? */
static bool waits_for(struct subject *s, const struct evac_challenge_kept *k)
{
    const struct evac_plan *plan = s->run->plan;
    if (k->step != EVAC_NO_STEP && k->step >= plan->step_count)
        return false;
    struct evac_str step = k->step == EVAC_NO_STEP ? EVAC_STR_NONE : plan->steps[k->step].id;
    return evac_run_asks(s->run, step, &s->step) && s->step == k->step;
}

static enum evac_code judge(struct api_call *c, struct subject *s,
                            const struct evac_challenge_kept *k, struct evac_err *err)
{
    char text[EVAC_RESPONSE_TEXT];
    bool right = false;
    enum evac_challenge_state state = evac_challenge_state(k, evac_daemon_wall_ms(c->daemon));
    enum evac_code code = evac_response_read(api_text(c, "response"), text, err);
    if (code)
        return code;
    if (state == EVAC_CHALLENGE_LIVE) {
        if (!waits_for(s, k) || !is_of_now(c, s, k))
            return evac_fail(err, EVAC_E_STALE,
                             "what was read out is not so any more: see 'evac gates', and make "
                             "another challenge");
        code = is_right(s, k, text, &right, err);
    }
    if (code)
        return code;
    const struct evac_challenge_word word = evac_challenge_word(state, right);
    if (word.accepted)
        return EVAC_OK;
    return word.counts ? count_wrong(c, s, k, err)
                       : evac_fail(err, EVAC_E_REFUSED, "%s", word.words);
}

/* Guesses that are counted by rows on their way would all be the first one. */
static bool is_counted(struct api_call *c)
{
    evac_daemon_commit(c->daemon);
    if (evac_daemon_ticket(c->daemon).seq == 0)
        return true;
    evac_problem(c->r, EVAC_PROBLEM_BUSY,
                 "rows are on their way into the journal, and with them perhaps another answer: "
                 "nothing was judged, say it once more in a moment");
    return false;
}

bool api_by_phone(struct api_call *c, struct evac_command *cmd, struct api_phone *room)
{
    struct subject s;
    struct evac_str as = api_text(c, "as");
    struct evac_err err = { EVAC_OK, "" };
    if (cmd->verb != EVAC_CMD_APPROVE || !cmd->run || !as.n || !api_text(c, "response").n) {
        evac_problem(c->r, EVAC_PROBLEM_BAD_REQUEST,
                     "as and response go together, with the verb approve and a run");
        return false;
    }
    if (!find_subject(c, cmd->run, as, &s) || !is_counted(c))
        return false;
    const struct evac_challenge_kept *k =
        evac_challenges_find(evac_daemon_challenges(c->daemon), cmd->run, as);
    if (judge(c, &s, k, &err) ||
        name_them(&evac_daemon_model(c->daemon)->controller, &s, k->id, room, &err)) {
        api_fail(c, &err);
        return false;
    }
    snprintf(room->reason, sizeof room->reason, "by phone, typed in by %.*s%s%.*s",
             EVAC_STR_ARG(c->q->caller.who), cmd->reason.n ? ": " : "", EVAC_STR_ARG(cmd->reason));
    cmd->who = room->caller.who;
    cmd->caller = &room->caller;
    cmd->reason = evac_str(room->reason);
    cmd->step = s.step == EVAC_NO_STEP ? EVAC_STR_NONE : place_of(&s);
    return true;
}
