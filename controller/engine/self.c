#include "self.h"
#include "rule.h"

#define X(name, text) text,
static const char *const reach_names[] = { EVAC_REACHES(X) };
static const char *const word_names[] = { EVAC_SELF_WORDS(X) };
#undef X

const char *evac_reach_name(enum evac_reach reach)
{
    return (unsigned)reach < EVAC_REACH_COUNT ? reach_names[reach] : "?";
}

const char *evac_self_word_name(enum evac_self_word word)
{
    return (unsigned)word < EVAC_SELF_WORD_COUNT ? word_names[word] : "?";
}

/* --- the score --- */

#define LATE_MS      200u
#define VERY_LATE_MS 1000u
#define GONE_MS      3000u

static unsigned late_points(uint32_t ms)
{
    return ms > GONE_MS ? 4 : ms > VERY_LATE_MS ? 2 : ms > LATE_MS ? 1 : 0;
}

/* A loop that stands still makes its timers late: the same illness counts once. */
static unsigned pace_points(const struct evac_self_signs *s)
{
    return late_points(s->loop_lag_ms > s->timer_slip_ms ? s->loop_lag_ms : s->timer_slip_ms);
}

static bool is_above(uint32_t part, uint32_t whole, unsigned percent)
{
    return whole && (uint64_t)part * 100 > (uint64_t)whole * percent;
}

static unsigned file_points(const struct evac_self_signs *s)
{
    return is_above(s->files, s->files_max, 95) ? 2 : is_above(s->files, s->files_max, 80) ? 1 : 0;
}

static unsigned queue_points(const struct evac_self_signs *s)
{
    return is_above(s->queued, s->probes, 90) ? 2 : is_above(s->queued, s->probes, 50) ? 1 : 0;
}

unsigned evac_self_score(const struct evac_self_signs *s)
{
    unsigned sum = pace_points(s) + file_points(s) + queue_points(s) + (s->clock_jumped ? 1 : 0);
    return sum < EVAC_SELF_SCORE_MAX ? sum : EVAC_SELF_SCORE_MAX;
}

void evac_self_feel(struct evac_self *self, const struct evac_self_signs *signs, uint64_t boot_ms)
{
    unsigned now = evac_self_score(signs);
    self->signs = *signs;
    if (now >= self->score || boot_ms < self->since_boot_ms) {
        self->score = now > self->score ? now : self->score;
        self->since_boot_ms = boot_ms;
    } else if (boot_ms - self->since_boot_ms >= EVAC_SELF_CALM_MS) {
        self->score--;
        self->since_boot_ms = boot_ms;
    }
}

/* --- the opinion --- */

#define V EVAC_SELF_VOTES
#define L EVAC_SELF_NO_LEAD
#define E EVAC_SELF_EGRESS_LOST
#define P EVAC_SELF_PARTITIONED

/* Anchors that are reached by address do not help who can not resolve the names of what it probes;
 * a resolver that answers stands nearby, and proves no way out. So either that fails is enough.
 * Peers alone can be down themselves. */
// clang-format off
static const enum evac_self_word table[EVAC_REACH_COUNT][EVAC_REACH_COUNT][EVAC_REACH_COUNT] = {
    /* resolver:                                absent ok fail */
    [EVAC_REACH_ABSENT] = { [EVAC_REACH_ABSENT] = { V, V, E },
                            [EVAC_REACH_OK]     = { V, V, E },
                            [EVAC_REACH_FAIL]   = { E, E, E } },
    [EVAC_REACH_OK]     = { [EVAC_REACH_ABSENT] = { V, V, E },
                            [EVAC_REACH_OK]     = { V, V, E },
                            [EVAC_REACH_FAIL]   = { E, E, E } },
    [EVAC_REACH_FAIL]   = { [EVAC_REACH_ABSENT] = { L, L, P },
                            [EVAC_REACH_OK]     = { L, L, P },
                            [EVAC_REACH_FAIL]   = { P, P, P } },
};
// clang-format on

struct evac_self_opinion evac_self_judge(const struct evac_self_reach *reach, unsigned score)
{
    enum evac_self_word word = table[reach->peers][reach->anchors][reach->resolver];
    bool votes = word == V || word == L;
    bool ill = score >= EVAC_SELF_ABSTAINS_FROM, patient = score >= EVAC_SELF_PATIENT_FROM && !ill;
    struct evac_self_opinion o = { .word = word,
                                   .abstains = EVAC_RULE(ABSTAIN) && (!votes || ill),
                                   .may_lead = word != L && word != P,
                                   .fall_times = votes && patient ? 1 + score : 1 };
    if (votes && ill)
        o.word = EVAC_SELF_ILL;
    else if (word == V && patient)
        o.word = EVAC_SELF_PATIENT;
    return o;
}

/* --- in words --- */

static void part(struct evac_text *out, const char *text)
{
    evac_text_puts(out, out->n ? ", " : "");
    evac_text_puts(out, text);
}

static void say_ms(struct evac_text *out, const char *what, uint32_t ms)
{
    if (late_points(ms) == 0)
        return;
    part(out, what);
    evac_text_duration(out, ms);
}

static void say_share(struct evac_text *out, const char *what, uint32_t n, uint32_t of)
{
    part(out, what);
    evac_text_u64(out, n);
    evac_text_puts(out, " of ");
    evac_text_u64(out, of);
}

void evac_self_say(const struct evac_self *self, struct evac_text *out)
{
    const struct evac_self_signs *s = &self->signs;
    if (self->reach.anchors == EVAC_REACH_FAIL)
        part(out, "it reaches none of its anchors");
    if (self->reach.resolver == EVAC_REACH_FAIL)
        part(out, "its resolver does not answer");
    if (self->reach.peers == EVAC_REACH_FAIL)
        part(out, "it reaches no other controller");
    say_ms(out, "its loop stood still for ", s->loop_lag_ms);
    say_ms(out, "its timer was late by ", s->timer_slip_ms);
    if (file_points(s))
        say_share(out, "open descriptors ", s->files, s->files_max);
    if (queue_points(s))
        say_share(out, "probes that wait ", s->queued, s->probes);
    if (s->clock_jumped)
        part(out, "the clock jumped");
}
