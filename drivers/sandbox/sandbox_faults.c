/*
 * Faults with a name and an end: put in and taken out as a state, for drills that break something.
 * Whoever put one in may be gone: it ends by itself. What a fault does is said in the words of the
 * control beside it, and so is what takes it back. Each change gives the name a new version; one
 * that was asked for on an older version is refused, however late it arrives.
 */
#include "sandbox_internal.h"

#include <stdio.h>
#include <string.h>

#define FOR_MIN 1000
#define FOR_MAX 14400000 /* four hours: longer than any drill, shorter than a night */

/* {1}, {2} and {3} are its words. */
static const struct fault_kind {
    const char *name, *takes, *in, *out, *doc;
} kinds[] = {
    /* clang-format off */
    { "region-down", "REGION", "region {1} down", "region {1} up", "nothing runs in the region and nothing answers" },
    { "region-isolated", "REGION", "region {1} isolated", "region {1} up", "everything there goes on, and nobody can reach it" },
    { "app-sick", "REGION", "app shop sick {1}", "app shop well {1}", "the app answers with errors there, and all below it works" },
    { "lag", "REGION MS", "lag {1} {2}", "lag {1} normal", "replication into the region is so far behind" },
    { "service-down", "SERVICE REGION", "service {1} {2} down", "service {1} {2} up", "the service's API answers 503" },
    { "service-throttled", "SERVICE REGION", "service {1} {2} throttled", "service {1} {2} up", "it refuses every request as too many" },
    { "service-denied", "SERVICE REGION", "service {1} {2} denied", "service {1} {2} up", "it refuses every request as not allowed" },
    { "service-slow", "SERVICE REGION MS", "service {1} {2} slow {3}", "service {1} {2} up", "each answer takes so much longer" },
    { "capacity-refused", "SERVICE REGION", "service {1} {2} capacity-refused", "service {1} {2} up", "tasks and instances do not start" },
    /* clang-format on */
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

/* --- what a fault says ----------------------------------------------------------------------- */

static const struct fault_kind *find_kind(struct evac_str text)
{
    struct evac_str rest, name = evac_str_cut(text, ' ', &rest);
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (evac_str_is(name, kinds[i].name))
            return &kinds[i];
    return NULL;
}

static struct evac_str nth_word(struct evac_str text, unsigned n)
{
    struct evac_str word = EVAC_STR_NONE;
    for (unsigned i = 0; i <= n; i++) {
        text = evac_str_trim(text);
        word = evac_str_cut(text, ' ', &text);
    }
    return word;
}

static unsigned word_count(struct evac_str text)
{
    unsigned n = 0;
    while (nth_word(text, n).n)
        n++;
    return n;
}

static enum evac_code carry_out(struct evac_sandbox *sb, const char *command, struct evac_str text,
                                struct evac_err *err)
{
    struct evac_buf out;
    evac_buf_init(&out, 1024);
    for (const char *p = command; *p; p++) {
        bool hole = p[0] == '{' && p[1] >= '1' && p[1] <= '3' && p[2] == '}';
        if (hole) {
            evac_buf_put_str(&out, nth_word(text, (unsigned)(p[1] - '0')));
            p += 2;
        } else {
            evac_buf_putc(&out, *p);
        }
    }
    enum evac_code code = evac_sandbox_control(sb, evac_buf_str(&out), err);
    evac_buf_done(&out);
    return code;
}

static enum evac_code no_such_kind(struct evac_str name, struct evac_err *err)
{
    struct evac_buf known;
    evac_buf_init(&known, 1024);
    for (size_t i = 0; i < KIND_COUNT; i++)
        evac_buf_putf(&known, "%s%s %s", i ? ", " : "", kinds[i].name, kinds[i].takes);
    (void)evac_fail(err, EVAC_E_BADARG, "there is no fault '%.*s'; there are %.*s",
                    EVAC_STR_ARG(name), EVAC_STR_ARG(evac_buf_str(&known)));
    evac_buf_done(&known);
    return EVAC_E_BADARG;
}

static enum evac_code check_text(struct evac_sandbox *sb, struct evac_str text,
                                 struct evac_err *err)
{
    const struct fault_kind *kind = find_kind(text);
    enum evac_code code = EVAC_OK;
    if (!kind)
        return no_such_kind(nth_word(text, 0), err);
    struct evac_str takes = evac_str(kind->takes);
    unsigned n = word_count(takes);
    if (word_count(text) != 1 + n)
        return evac_fail(err, EVAC_E_BADARG, "%s needs %s, in that order", kind->name, kind->takes);
    for (unsigned i = 0; !code && i < n; i++)
        code = sb_control_check(sb, nth_word(text, 1 + i), nth_word(takes, i), err);
    return code;
}

/* --- in and out ------------------------------------------------------------------------------ */

/* Two faults may have changed the same thing: what is still in is said again. */
static void take_out(struct evac_sandbox *sb, struct sb_named_fault *f)
{
    struct evac_err err;
    f->in = false;
    (void)carry_out(sb, find_kind(evac_str(f->text))->out, evac_str(f->text), &err);
    for (size_t i = 0; i < sb->fault_count; i++) {
        const struct sb_named_fault *other = &sb->named_faults[i];
        if (other->in)
            (void)carry_out(sb, find_kind(evac_str(other->text))->in, evac_str(other->text), &err);
    }
}

static enum evac_code put_in(struct evac_sandbox *sb, struct sb_named_fault *f,
                             struct evac_str text, int64_t for_ms, struct evac_err *err)
{
    enum evac_code code = check_text(sb, text, err);
    if (code)
        return code;
    if (text.n >= sizeof f->text)
        return evac_fail(err, EVAC_E_TOOBIG, "a fault has at most %zu letters", sizeof f->text - 1);
    if (f->in)
        take_out(sb, f);
    code = carry_out(sb, find_kind(text)->in, text, err);
    if (code)
        return code;
    (void)evac_str_copy(f->text, sizeof f->text, text);
    f->in = true;
    f->until_ms = sb->now_ms + (uint64_t)for_ms;
    return EVAC_OK;
}

static struct sb_named_fault *find(struct evac_sandbox *sb, struct evac_str name)
{
    for (size_t i = 0; i < sb->fault_count; i++)
        if (evac_str_is(name, sb->named_faults[i].name))
            return &sb->named_faults[i];
    return NULL;
}

/* A name keeps its version for good, or a late request could not be told from a new one. */
static enum evac_code find_or_make(struct evac_sandbox *sb, struct evac_str name,
                                   struct sb_named_fault **ret_fault, struct evac_err *err)
{
    struct sb_named_fault *f = find(sb, name);
    *ret_fault = f;
    if (f)
        return EVAC_OK;
    if (sb->fault_count == SB_NAMED_FAULTS_MAX)
        return evac_fail(err, EVAC_E_TOOBIG, "at most %u faults can have a name",
                         SB_NAMED_FAULTS_MAX);
    if (name.n == 0 || name.n >= sizeof f->name)
        return evac_fail(err, EVAC_E_BADARG, "a fault's name has 1 to %zu letters",
                         sizeof f->name - 1);
    *ret_fault = f = &sb->named_faults[sb->fault_count++];
    *f = (struct sb_named_fault){ .version = 0 };
    (void)evac_str_copy(f->name, sizeof f->name, name);
    return EVAC_OK;
}

static struct evac_str take_word(struct evac_str *rest)
{
    *rest = evac_str_trim(*rest);
    struct evac_str word = evac_str_cut(*rest, ' ', rest);
    *rest = evac_str_trim(*rest);
    return word;
}

static enum evac_code check_version(const struct sb_named_fault *f, struct evac_str *rest,
                                    struct evac_err *err)
{
    int64_t version;
    if (!evac_str_starts(*rest, "if "))
        return EVAC_OK;
    (void)take_word(rest);
    struct evac_str text = take_word(rest);
    if (!evac_str_i64(text, &version))
        return evac_fail(err, EVAC_E_BADARG, "a version is a whole number, not '%.*s'",
                         EVAC_STR_ARG(text));
    if (version != (int64_t)f->version)
        return evac_fail(err, EVAC_E_STALE, "fault '%s' has version %u by now, not %lld", f->name,
                         f->version, (long long)version);
    return EVAC_OK;
}

static enum evac_code change(struct evac_sandbox *sb, struct sb_named_fault *f,
                             struct evac_str rest, struct evac_err *err)
{
    struct evac_str verb = take_word(&rest);
    int64_t for_ms = 0;
    if (evac_str_is(verb, "out") && rest.n == 0) {
        if (f->in)
            take_out(sb, f);
        return EVAC_OK;
    }
    if (!evac_str_is(verb, "for"))
        return evac_fail(err, EVAC_E_BADARG,
                         "a fault is put in (for TIME KIND ...) or taken out (out), not '%.*s'",
                         EVAC_STR_ARG(verb));
    struct evac_str time = take_word(&rest);
    if (!evac_duration_ms(time, &for_ms) || for_ms < FOR_MIN || for_ms > FOR_MAX)
        return evac_fail(err, EVAC_E_BADARG, "a fault is in for 1s to 4h, not '%.*s'",
                         EVAC_STR_ARG(time));
    return put_in(sb, f, rest, for_ms, err);
}

enum evac_code sb_faults_control(struct evac_sandbox *sb, struct evac_str rest,
                                 struct evac_err *err)
{
    struct evac_str name = take_word(&rest), more = rest, verb = take_word(&more);
    if (evac_str_is(verb, "check"))
        return check_text(sb, more, err);
    struct sb_named_fault *f;
    size_t before = sb->fault_count;
    enum evac_code code = find_or_make(sb, name, &f, err);
    if (code)
        return code;
    code = check_version(f, &rest, err);
    code = code ? code : change(sb, f, rest, err);
    if (code)
        sb->fault_count = before;
    else
        f->version++;
    return code;
}

/* --- time ------------------------------------------------------------------------------------ */

uint64_t sb_faults_wake(const struct evac_sandbox *sb)
{
    uint64_t next = SB_NEVER;
    for (size_t i = 0; i < sb->fault_count; i++)
        if (sb->named_faults[i].in && sb->named_faults[i].until_ms < next)
            next = sb->named_faults[i].until_ms;
    return next;
}

void sb_faults_advance(struct evac_sandbox *sb)
{
    for (size_t i = 0; i < sb->fault_count; i++) {
        struct sb_named_fault *f = &sb->named_faults[i];
        if (!f->in || f->until_ms > sb->now_ms)
            continue;
        f->version++;
        take_out(sb, f); /* this moves the model, which comes here again: it is out by then */
    }
}

/* --- for people ------------------------------------------------------------------------------ */

void sb_faults_list(const struct evac_sandbox *sb, struct evac_buf *out)
{
    for (size_t i = 0; i < sb->fault_count; i++) {
        const struct sb_named_fault *f = &sb->named_faults[i];
        evac_buf_putf(out, "%s %u %s", f->name, f->version, f->in ? "in" : "out");
        if (f->in)
            evac_buf_putf(out, " %llu %s", (unsigned long long)(f->until_ms - sb->now_ms), f->text);
        evac_buf_putc(out, '\n');
    }
}

void sb_faults_kinds(struct evac_buf *out)
{
    for (size_t i = 0; i < KIND_COUNT; i++)
        evac_buf_putf(out, "%s %s: %s\n", kinds[i].name, kinds[i].takes, kinds[i].doc);
}
