/*
 * Rounds that others answer: resolvers, a program, whoever the prober's owner asks. What was asked
 * can not be taken back, so a question outlives its round when it must: its answer is then
 * nobody's.
 *
 * Silence of who is asked says nothing about what they are asked about: such a round is untold.
 */
#include "prober_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LATE_MS      1000u /* beyond the deadline of who is asked: a program must be killed first */
#define OUTPUT_BYTES 4096u
#define LINE_BYTES   120u

/* --- questions ------------------------------------------------------------------------------- */

static struct prober_question *new_question(struct prober_target *t)
{
    struct prober_question *q = calloc(1, sizeof *q);
    if (!q)
        abort();
    q->prober = t->prober;
    q->t = t;
    t->question = q;
    LIST_INSERT_HEAD(&t->prober->questions, q, others);
    return q;
}

static void free_if_over(struct prober_question *q)
{
    if (q->open > 0 || q->t)
        return;
    if (q->prober)
        LIST_REMOVE(q, others);
    free(q);
}

/* The round needs it no more. */
static struct prober_target *part(struct prober_question *q)
{
    struct prober_target *t = q->t;
    q->t = NULL;
    t->question = NULL;
    return t;
}

void prober_ask_drop(struct prober_target *t)
{
    struct prober_question *q = t->question;
    if (!q)
        return;
    (void)part(q);
    free_if_over(q);
}

void prober_ask_late(struct prober_target *t)
{
    prober_ask_drop(t);
    prober_end_untold(t, "no answer in time");
}

static void wait_for_answer(struct prober_target *t)
{
    t->started_us = evac_boot_us();
    t->stage = PROBER_ASKING;
    prober_set_deadline(t, t->started_us / 1000 + t->reply_ms + LATE_MS);
}

/* After a round that ended outside of the prober's own events. */
static void go_on(struct evac_prober *prober)
{
    prober_start_queued(prober);
    prober_arm(prober);
}

/* --- DNS: most of the resolvers --------------------------------------------------------------- */

static struct evac_str without_dot(struct evac_str name)
{
    return evac_str_ends(name, ".") ? (struct evac_str){ name.p, name.n - 1 } : name;
}

static bool is_same(struct evac_str a, struct evac_str b)
{
    union evac_address x, y;
    if (evac_address_parse(a, &x) && evac_address_parse(b, &y))
        return evac_address_same(&x, &y);
    a = without_dot(a);
    b = without_dot(b);
    return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

static bool says(const struct evac_dns_reply *reply, struct evac_str expected)
{
    for (size_t i = 0; i < reply->value_count; i++)
        if (is_same(reply->values[i], expected))
            return true;
    return false;
}

/* What is wrong with one answer, in words; false: nothing. */
static bool is_wrong(const struct prober_more *more, const struct evac_dns_reply *reply, char *why,
                     size_t bytes)
{
    if (reply->rcode == 3) {
        (void)snprintf(why, bytes, "says that there is no such name");
    } else if (reply->rcode) {
        (void)snprintf(why, bytes, "answers with error %d", reply->rcode);
    } else if (reply->value_count == 0) {
        (void)snprintf(why, bytes, "has no %s record", more->dns_type.p);
    } else {
        for (size_t i = 0; i < more->expected_count; i++)
            if (!says(reply, more->expected[i])) {
                (void)snprintf(why, bytes, "says %.*s, expected %.*s",
                               EVAC_STR_ARG(reply->values[0]), EVAC_STR_ARG(more->expected[i]));
                return true;
            }
        return false;
    }
    return true;
}

static void count_reply(struct prober_question *q, size_t i, const struct evac_dns_reply *reply)
{
    const struct prober_more *more = q->t->more;
    const char *who = more->resolver_count ? more->resolvers[i].p : "the resolver";
    char why[LINE_BYTES];
    if (!reply->answered)
        return;
    if (!is_wrong(more, reply, why, sizeof why)) {
        q->good++;
        return;
    }
    if (q->bad++ == 0)
        (void)snprintf(q->why, sizeof q->why, "%s %s", who, why);
}

static void judge(struct prober_question *q)
{
    unsigned majority = q->all / 2 + 1;
    if (q->good < majority && q->bad < majority && q->open > 0)
        return;
    struct prober_target *t = part(q);
    char *reason = t->prober->reason;
    if (q->good >= majority) {
        prober_end(t, NULL);
    } else if (q->bad >= majority) {
        (void)snprintf(reason, sizeof t->prober->reason, "%s", q->why);
        if (q->all > 1)
            (void)snprintf(reason, sizeof t->prober->reason, "%u of %u resolvers: %s", q->bad,
                           q->all, q->why);
        prober_end(t, reason);
    } else {
        (void)snprintf(reason, sizeof t->prober->reason,
                       "of %u resolvers %u agree, %u do not, %u are silent", q->all, q->good,
                       q->bad, q->all - q->good - q->bad);
        prober_end_untold(t, reason);
    }
}

static void on_dns(void *user, const struct evac_dns_reply *reply)
{
    struct prober_voice *voice = user;
    struct prober_question *q = voice->q;
    struct evac_prober *prober = q->prober;
    bool waits = q->t != NULL;
    q->open--;
    if (waits) {
        count_reply(q, voice->i, reply);
        judge(q);
    }
    free_if_over(q);
    if (waits && !prober->closing)
        go_on(prober);
}

void prober_ask_dns(struct prober_target *t)
{
    const struct prober_more *more = t->more;
    struct prober_question *q = new_question(t);
    struct evac_err err = { EVAC_OK, "" };
    q->all = more->resolver_count ? (unsigned)more->resolver_count : 1;
    wait_for_answer(t);
    for (size_t i = 0; i < q->all; i++) {
        struct evac_str server = more->resolver_count ? more->resolvers[i] : t->resolver;
        q->voices[i] = (struct prober_voice){ q, i };
        if (evac_dns_ask(t->prober->dns, more->name, more->dns_type.p, server, t->reply_ms, on_dns,
                         &q->voices[i], &err) == EVAC_OK)
            q->open++;
    }
    if (q->open > 0)
        return;
    prober_ask_drop(t);
    prober_end_untold(t, err.text);
}

/* --- a program -------------------------------------------------------------------------------- */

/* Its first line, without what a terminal would obey. */
static bool first_line(struct evac_str text, char *to, size_t bytes)
{
    struct evac_str rest, line = evac_str_cut(text, '\n', &rest);
    (void)evac_str_copy(to, bytes, line);
    for (char *p = to; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = p[1] ? ' ' : '\0';
    return to[0] != '\0';
}

static const char *judge_exec(struct prober_target *t, const struct evac_exec_reply *reply)
{
    char *reason = t->prober->reason, line[LINE_BYTES];
    size_t room = sizeof t->prober->reason;
    if (reply->timed_out) {
        (void)snprintf(reason, room, "the program did not end within %u ms and was killed",
                       t->reply_ms);
        return reason;
    }
    if (reply->exit_status == 0)
        return NULL;
    if (first_line(reply->output, line, sizeof line) ||
        first_line(reply->errors, line, sizeof line))
        (void)snprintf(reason, room, "%s (exit code %d)", line, reply->exit_status);
    else
        (void)snprintf(reason, room, "exit code %d", reply->exit_status);
    explicit_bzero(line, sizeof line);
    return reason;
}

static void on_exec(void *user, const struct evac_exec_reply *reply)
{
    struct prober_question *q = user;
    struct evac_prober *prober = q->prober;
    q->open--;
    if (prober)
        prober->execs--;
    if (q->t) {
        struct prober_target *t = part(q);
        if (reply->started)
            prober_end(t, judge_exec(t, reply));
        else
            prober_end_untold(t, reply->error);
    }
    free_if_over(q);
    if (prober && !prober->closing)
        go_on(prober);
}

bool prober_has_room(const struct prober_target *t)
{
    return t->kind->start != prober_ask_exec || t->prober->execs < EVAC_PROBER_EXECS_MAX;
}

void prober_ask_exec(struct prober_target *t)
{
    static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    const struct evac_host *host = t->prober->host;
    const struct evac_exec_request request = {
        .argv = t->more->argv, .env = env, .total_ms = t->reply_ms, .max_output_bytes = OUTPUT_BYTES
    };
    struct evac_err err = { EVAC_OK, "" };
    struct prober_question *q = new_question(t);
    wait_for_answer(t);
    if (host->exec(host->ctx, &request, on_exec, q, &err) == EVAC_OK) {
        q->open = 1;
        t->prober->execs++;
        return;
    }
    prober_ask_drop(t);
    prober_end_untold(t, err.text);
}

/* --- whoever the owner asks --------------------------------------------------------------------
 */

void prober_ask_other(struct prober_target *t)
{
    struct evac_prober *prober = t->prober;
    wait_for_answer(t);
    const char *why = prober->ask_fn(prober->user, t->user, t->id, t->round);
    if (why)
        prober_end_untold(t, why);
}

void evac_prober_answer(struct evac_prober *prober, uint64_t id, uint32_t round,
                        enum evac_prober_answer answer, const char *reason)
{
    struct prober_target *t = evac_ids_find(&prober->ids, id);
    if (!t || t->stage != PROBER_ASKING || t->round != round)
        return;
    if (answer == EVAC_PROBER_UNKNOWN)
        prober_end_untold(t, reason);
    else
        prober_end(t, answer == EVAC_PROBER_GOOD ? NULL : reason);
    go_on(prober);
}
