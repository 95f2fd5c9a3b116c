/*
 * Health: probe results to probe state (hysteresis), to a region's verdict (quorum over vantages),
 * with the instants that a run's RTO is measured from. Pure: no clock, no allocation; time comes
 * with each result. Parameters and truth tables: RELIABILITY 3.1 to 3.4.
 */
#ifndef EVAC_HEALTH_H
#define EVAC_HEALTH_H

#include "model.h"
#include "text.h"

#define EVAC_REGIONS_MAX  8
#define EVAC_PROBES_MAX   16
#define EVAC_VANTAGES_MAX 7

#define EVAC_PROBE_STATES(X)                                                                       \
    X(UNKNOWN, "unknown") /* too few or too old results: not down */                               \
    X(UP, "up")                                                                                    \
    X(DOWN, "down")
#define EVAC_VERDICTS(X)                                                                           \
    X(UNKNOWN, "unknown")                                                                          \
    X(UP, "up")                                                                                    \
    X(GREY, "grey") /* works from outside, its own view is broken */                               \
    X(DOWN, "down")                                                                                \
    X(ISOLATED, "isolated")        /* alive inside, unreachable from outside: split-brain risk */  \
    X(SUSPECT, "observer-suspect") /* everything looks down: doubt the observer first */
/* What an app's trouble is, as far as one app can tell. */
#define EVAC_SITUATIONS(X)                                                                         \
    X(FINE, "fine")                                                                                \
    X(OUTAGE, "outage")         /* a region that serves is down */                                 \
    X(DEPENDENCY, "dependency") /* what all regions share fails: moving would not help */          \
    X(OBSERVER, "observer")     /* everything looks down, or this side is cut off */
#define X(name, text) EVAC_PROBE_##name,
enum evac_probe_state { EVAC_PROBE_STATES(X) EVAC_PROBE_STATE_COUNT };
#undef X
#define X(name, text) EVAC_VERDICT_##name,
enum evac_verdict { EVAC_VERDICTS(X) EVAC_VERDICT_COUNT };
#undef X
const char *evac_probe_state_name(enum evac_probe_state state);
#define X(name, text) EVAC_SITUATION_##name,
enum evac_situation { EVAC_SITUATIONS(X) EVAC_SITUATION_COUNT };
#undef X
const char *evac_verdict_name(enum evac_verdict verdict);
const char *evac_situation_name(enum evac_situation situation);

/* One measurement. */
struct evac_probe_result {
    uint16_t probe;   /* index in the app's probes */
    uint16_t region;  /* index in the app's regions (0 for a probe without {region}) */
    uint16_t vantage; /* who looked; 0 is this controller */
    bool ok;
    uint32_t latency_ms;
    uint64_t sent_boot_ms, boot_ms; /* when it was sent, when its answer was known */
    uint64_t
        surely_boot_ms; /* where sent_boot_ms is a guess: surely not sent before; 0 it is none */
    int64_t wall_ms;
    struct evac_str served_by;    /* region that answered, for the endpoint; "" unknown */
    struct evac_str reason;       /* why not ok; when ok, what is worth a warning, "" nothing */
    int64_t certificate_until_ms; /* wall ms; 0: there was none */
    uint64_t asking_ms; /* for so long whoever looked had been asking: what was there before this
                           controller led has no grace left; 0 not known */
};

/* Of a probe's grace: while it lasts, failures do not count for DOWN. */
enum evac_grace {
    EVAC_GRACE_NEW,   /* until it was UP once, or the time is over */
    EVAC_GRACE_MOVED, /* users were led there: until the time is over, since caches are cold */
    EVAC_GRACE_OVER,
};

struct evac_probe_track {
    enum evac_probe_state state;
    uint16_t good, bad; /* in a row */
    uint16_t excused;   /* of bad: seen in grace */
    enum evac_grace grace;
    uint64_t grace_boot_ms; /* it began with the first result, or when it was first asked for; 0 not
                               yet */
    uint64_t last_sent_boot_ms, last_boot_ms; /* newest result, 0 none */
    uint64_t old_from_boot_ms; /* it grows old from there on: known then, or not asked before */
    uint64_t last_good_boot_ms, first_bad_boot_ms; /* of the present or last outage */
    int64_t last_good_wall_ms, first_bad_wall_ms;
    uint32_t latency_ms;
    int64_t certificate_until_ms; /* wall ms; 0: none was seen */
    char reason[120];             /* of a failure, or a warning of a good answer */
};

struct evac_region_health {
    enum evac_verdict verdict;
    uint64_t since_boot_ms; /* verdict unchanged since */
    /* Impact, an interval that holds the true beginning of the outage. lo: when the last good
     * answer of a probe that fails now was asked for (the earliest such, over the failing probes);
     * hi: when the first bad answer was there. lo <= hi; 0 when there is none. Kept until outside
     * sees the region UP again. */
    uint64_t impact_lo_boot_ms, impact_hi_boot_ms;
    int64_t impact_lo_wall_ms, impact_hi_wall_ms;
    uint64_t detected_boot_ms; /* when it became DOWN or ISOLATED; SUSPECT takes it back */
    int64_t detected_wall_ms;
    char reasons[240]; /* in words: which probes, from which vantages, how many of how many */
};

/* Is this vantage itself connected? The shell probes the anchors and tells. */
struct evac_vantage_health {
    bool configured;
    bool abstains;                 /* cut off or ill: its opinion does not count */
    char why[120];                 /* it abstains, "" not told */
    unsigned fall_times;           /* it is ill a little: so many times as many failures; 0 is 1 */
    uint32_t way_ms;               /* it is heard only so often: its results stay fresh longer */
    char region[64];               /* where it stands, "" in none that has a name here */
    bool inside[EVAC_REGIONS_MAX]; /* it stands in that region of the app's */
};

struct evac_health {
    const struct evac_app *app;
    uint32_t serving;     /* regions that users are led to, a bit each: what is asked only there
                             (evac_probe.everywhere) says nothing about the others */
    uint32_t voters;      /* probes that have a say in a region's verdict, a bit each */
    uint32_t shared_down; /* shared probes that fail in every region, a bit each */
    struct evac_region_health regions[EVAC_REGIONS_MAX];
    struct evac_vantage_health vantages[EVAC_VANTAGES_MAX];
    /* The public endpoint, from this controller. */
    struct evac_probe_track endpoint;
    char endpoint_served_by[32];
    uint64_t wake_ms; /* when the first result grows old */
    /* The last member, and only as much of it as the app has probes and regions is ever written:
     * what is not stays memory that the system need not find. */
    struct evac_probe_track tracks[EVAC_PROBES_MAX][EVAC_REGIONS_MAX][EVAC_VANTAGES_MAX];
};

/* What changed, for the journal and for people. */
struct evac_health_news {
    uint32_t verdict_changed; /* bit per region */
    bool probe_changed;
    bool endpoint_changed;
    bool situation_changed; /* a shared dependency failed everywhere, or is back */
};

/* Everything unknown; vantage 0 configured and outside unless `inside_region` names one of the
 * app's. Past health is forgotten on purpose (a restart needs a full fall window before anything
 * automatic). */
void evac_health_init(struct evac_health *health, const struct evac_app *app,
                      struct evac_str inside_region);
/* The same in memory that is zeroed. */
void evac_health_begin(struct evac_health *health, const struct evac_app *app,
                       struct evac_str inside_region);
/* Bytes from its beginning that may hold anything but zero. */
size_t evac_health_used_bytes(const struct evac_health *health);

/* Vantage 1.. stands in that region ("" in none that matters), and abstains until it is heard. Not
 * there: its place is empty. What was seen from there is forgotten. */
void evac_health_place(struct evac_health *health, size_t vantage, bool there,
                       struct evac_str region);

/* app was reloaded: keep what still fits (same probe: name, role, address; same region name),
 * forget the rest. The old app must still be there. Verdicts are judged again at the next tick,
 * which is due at once. */
void evac_health_reconfigure(struct evac_health *health, const struct evac_app *app);

/* Results that are not newer than the newest known, of vantages that are not configured or of
 * things that the app does not have are dropped. */
void evac_health_probe(struct evac_health *health, const struct evac_probe_result *result,
                       struct evac_health_news *ret_news);

/* This vantage's own connectivity changed. When it is back it starts from nothing: what it saw
 * while it was cut off proves nothing. */
void evac_health_vantage(struct evac_health *health, uint16_t vantage, bool abstains,
                         uint64_t boot_ms, int64_t wall_ms, struct evac_health_news *ret_news);

/* Users are led to these regions now, a bit each; judged again at the next tick, due at once. In
 * those that are new among them grace begins with the next result: what wakes up cold is no outage.
 */
void evac_health_serve(struct evac_health *health, uint32_t serving);

/* The region serves nobody, and no probe looks at such: nothing can tell that it is up. */
bool evac_health_is_dormant(const struct evac_health *health, size_t region);

/* What the app's trouble is, and in words why moving would not help ("" when it might). */
enum evac_situation evac_health_situation(const struct evac_health *health);
void evac_health_say_dependency(const struct evac_health *health, struct evac_text *out);

/* The region itself looks down, and neither a shared dependency nor doubt of the observer explains
 * it: such a verdict counts towards a regional incident. */
bool evac_health_blames(const struct evac_health *health, size_t region);

/* The probe that suppresses this one in that region, as that vantage sees it: a parent that is down
 * too. The probe count when none does. */
size_t evac_health_suppressor(const struct evac_health *health, size_t probe, size_t region,
                              size_t vantage);
/* A failing row is in its grace. */
bool evac_health_is_excused(const struct evac_probe_track *track);

/* What one vantage makes of a region; and why, as "2 of 3 (needs 2): db down, cache down, queue
 * up".
 */
enum evac_probe_state evac_health_opinion(const struct evac_health *health, size_t region,
                                          size_t vantage);
void evac_health_say_condition(const struct evac_health *health, size_t region, size_t vantage,
                               struct evac_text *out);

/* How the vantages voted on a region. */
struct evac_ballot {
    enum evac_probe_state outside, inside;
    unsigned up, down, abstaining, configured; /* vantages outside */
};
struct evac_ballot evac_health_ballot(const struct evac_health *health, size_t region);

/* For so long a result says something about now: 2.5 intervals, and its way here. */
uint64_t evac_health_fresh_ms(const struct evac_probe *probe, uint32_t way_ms);
/* Time passed: results grow old. */
void evac_health_tick(struct evac_health *health, uint64_t boot_ms, int64_t wall_ms,
                      struct evac_health_news *ret_news);

/* When tick is next worth calling, boot ms; UINT64_MAX never. */
uint64_t evac_health_wake_ms(const struct evac_health *health);

/* The truth table of RELIABILITY 3.3 as a function, for tests over every cell:
 * outside: majority opinion of the vantages that stand outside the region; inside: of the one
 * within. */
enum evac_verdict evac_health_verdict(enum evac_probe_state outside, enum evac_probe_state inside,
                                      bool all_regions_down);
#endif
