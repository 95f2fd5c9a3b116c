#include "invent.h"

#include "share.h"

#include <stdio.h>
#include <string.h>

#define STALE_MAX_MS 950 /* engine.confirm is longer than reads are stale: 1 s in the demo */
#define LIMITS_LEAST 1u
#define LIMITS_MOST  40u
#define JUMP_MAX_MS  200000 /* signatures bear five minutes */

enum tale {
    FAILS,
    ISOLATED,
    PLANNED,
    BLIP,
    FLAPS,
    DRILL,
    SICK,     /* its app answers with errors, everything below it works */
    OBSERVER, /* only the controller can not see it, and knows that it is cut off */
    BACK,     /* there and, by a person, back again */
    LAGS,     /* it dies after the standby has fallen behind */
    FLICKERS, /* every other of its answers is an error: it serves, badly */
    TALES
};

struct inventor {
    struct script *script;
    uint64_t random, now_ms;
    enum tale tale;
    bool back;        /* on its way back: ungracefully only from what is dead (README) */
    unsigned crashes; /* to come; a fifth in a row parks the controller: that is another test */
    bool empties;     /* another automation takes a name's record away */
    bool rounds;      /* the standby is looked at now and then, and may be unready */
    bool dormant, restores, disk, meddles, stale, capacity, returns, services, clocks, pauses,
        reloads, linger, quiet;
    unsigned controllers;
    bool die, hang, edge, part, elect,
        mute; /* of several: processes, their ways to etcd, etcd itself */
};

static uint64_t draw(struct inventor *v)
{
    uint64_t x = v->random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint64_t below(struct inventor *v, uint64_t n)
{
    return n ? draw(v) % n : 0;
}

static unsigned maybe(struct inventor *v, unsigned at_most)
{
    return below(v, 2) ? (unsigned)below(v, at_most + 1) : 0;
}

/* One thing goes wrong, and nothing else: then there is no excuse. */
static void choose_quiet(struct inventor *v)
{
    v->tale = below(v, 2) ? FAILS : PLANNED;
    v->script->rates = (struct world_faults){ 0 };
    v->script->settings = v->crashes = 0;
    v->quiet = true;
    v->returns = v->disk = v->meddles = v->stale = v->capacity = false;
    v->services = v->clocks = v->pauses = v->reloads = false;
}

static void choose(struct inventor *v)
{
    struct script *s = v->script;
    s->rates = (struct world_faults){
        .not_sent = maybe(v, 300),
        .lost_before = maybe(v, 300),
        .lost_after = maybe(v, 800),
        .late = maybe(v, 800),
        .slow = maybe(v, 1000),
        .cut = maybe(v, 300),
        .late_max_ms = 30000,
    };
    v->tale = (enum tale)below(v, TALES);
    if (v->tale == LAGS && v->restores)
        v->tale = FAILS; /* what is restored does not lag: it is as old as its backup */
    v->returns = below(v, 2);
    v->disk = below(v, 4) == 0;
    v->crashes = below(v, 2) ? 3 - v->disk : 0;
    v->meddles = below(v, 2);
    v->stale = below(v, 3) == 0;
    v->capacity = below(v, 4) == 0;
    v->services = below(v, 3) == 0;
    v->clocks = below(v, 3) == 0;
    v->pauses = below(v, 4) == 0;
    v->reloads = below(v, 6) == 0;
    v->linger = below(v, 16) == 0;
    s->settings = below(v, 8) ? 0 : 1 + (unsigned)below(v, 3);
    if (below(v, 16) == 0)
        choose_quiet(v);
}

static void add(struct inventor *v, const char *text)
{
    (void)script_add(v->script, v->now_ms, "%s", text);
}

/* --- several controllers --- */

/* Times that may stand in a configuration: mostly short ones, so that much happens. */
static void choose_times(struct inventor *v, struct world_share *s)
{
    struct evac_err err;
    uint32_t takeover_ms;
    do {
        s->request_ms = 500 * (1 + (uint32_t)below(v, 4));
        s->poll_ms = 500 * (1 + (uint32_t)below(v, 4));
        s->election_ms = 500 * (1 + (uint32_t)below(v, 4));
        s->ttl_ms = 1000 * (3 + (uint32_t)below(v, 10));
    } while (evac_share_times(s->ttl_ms, s->request_ms, s->poll_ms, s->election_ms, 60000,
                              &takeover_ms, &err));
}

static void choose_share(struct inventor *v)
{
    struct script *s = v->script;
    s->controllers = v->controllers;
    choose_times(v, &s->share);
    s->share.chances = (struct etcd_chances){ .trip_ms = 1 + (uint32_t)below(v, 150),
                                              .lost_before = maybe(v, 50),
                                              .lost_after = maybe(v, 50),
                                              .delayed = maybe(v, 50),
                                              .refused_connection = maybe(v, 50),
                                              .hollow = maybe(v, 50),
                                              .late_ms = 30000 };
    v->die = below(v, 2);
    v->hang = below(v, 2);
    v->edge = below(v, 2);
    v->part = below(v, 2);
    v->elect = below(v, 3) == 0;
    v->mute = below(v, 6) == 0;
    v->disk = v->reloads = false; /* of a file's journal */
}

static const char *somebody(struct inventor *v)
{
    static const char *const who[] = { "leader", "leader", "follower", "0", "1", "2" };
    return who[below(v, v->controllers > 2 ? 6 : 5)];
}

static void later(struct inventor *v, uint64_t ms, const char *text)
{
    (void)script_add(v->script, v->now_ms + ms, "%s", text);
}

/* An etcd member alone says for two elections that leases live; the others elect meanwhile. It may
 * have been the leader, and stood still: then it ends all leases when it is back. */
static void part_etcd(struct inventor *v)
{
    uint32_t election = v->script->share.election_ms;
    unsigned member = (unsigned)below(v, 3);
    add(v, "etcd headless");
    (void)script_add(v->script, v->now_ms, "etcd alone %u %u", member,
                     (unsigned)below(v, 2 * election));
    later(v, election + below(v, election), "etcd elect");
    uint64_t joins = below(v, 20000);
    (void)script_add(v->script, v->now_ms + joins, "etcd joined %u", member);
    if (below(v, 3) == 0)
        later(v, joins, "etcd wakes");
}

static void trouble_nodes(struct inventor *v)
{
    const char *who = somebody(v);
    char text[40];
    if (v->die && below(v, 4) == 0)
        (void)script_add(v->script, v->now_ms, "node %s crash %u", who, (unsigned)below(v, 15000));
    if (v->edge && below(v, 2) == 0)
        (void)script_add(v->script, v->now_ms, "node leader %s %u %u",
                         below(v, 4) ? "pause-commit" : "crash-commit", (unsigned)below(v, 12) + 1,
                         (unsigned)below(v, 90000));
    if (v->hang && below(v, 4) == 0)
        (void)script_add(v->script, v->now_ms, "node %s pause %u", who,
                         (unsigned)(below(v, 3) ? below(v, 20000) : below(v, 120000)));
    if (v->part && below(v, 4) == 0) {
        const char *n = who[0] >= '0' && who[0] <= '9' ? who : "0";
        bool all = below(v, 3) == 0;
        (void)script_add(v->script, v->now_ms, "node %s %s", n, all ? "alone" : "cut");
        (void)snprintf(text, sizeof text, "node %s %s", n, all ? "back" : "mend");
        later(v, below(v, 30000), text);
    }
    if (v->elect && below(v, 4) == 0)
        part_etcd(v);
    if (v->mute && below(v, 4) == 0) {
        add(v, "etcd full");
        later(v, below(v, 20000), "etcd free");
    }
}

/* --- the tale --- */

static void bounce(struct inventor *v, uint64_t down_ms, uint64_t up_ms)
{
    add(v, "control region us-east-1 down");
    v->now_ms += down_ms;
    add(v, "control region us-east-1 up");
    v->now_ms += up_ms;
}

static void tell(struct inventor *v)
{
    switch (v->tale) {
    case LAGS:
        for (unsigned k = 1, n = 4 + (unsigned)below(v, 20); k <= n; k++, v->now_ms += 2000)
            (void)script_add(v->script, v->now_ms, "control lag us-west-2 %u", k * 2000);
        add(v, "control region us-east-1 down");
        break;
    case FAILS:
        add(v, "control region us-east-1 down");
        break;
    case ISOLATED:
        add(v, "control region us-east-1 isolated");
        break;
    case PLANNED:
    case BACK:
        add(v, "begin failover graceful");
        break;
    case FLICKERS:
        for (int i = 0; i < 12; i++) {
            add(v, "control app shop sick us-east-1");
            v->now_ms += 1000; /* as often as it is asked */
            add(v, "control app shop well us-east-1");
            v->now_ms += 1000;
        }
        break;
    case BLIP:
        bounce(v, 500 + below(v, 2500), 0);
        break;
    case FLAPS:
        for (int i = 0; i < 3; i++)
            bounce(v, 1000 + below(v, 6000), 1000 + below(v, 6000));
        break;
    case DRILL:
        add(v, below(v, 3) ? "begin drill graceful" : "rehearse");
        break;
    case SICK:
        add(v, "control app shop sick us-east-1");
        break;
    case OBSERVER:
        add(v, "blind us-east-1");
        break;
    case TALES:
        break;
    }
    v->now_ms += 100;
    if (v->dormant && (v->tale == FAILS || v->tale == ISOLATED) && below(v, 2))
        add(v, "begin failover ungraceful");
}

/* --- readiness --- */

#define FIRST_LOOK_MS 62000u /* a minute after the start, and a look */

/* Something that the standby needs is not there, for a while: mostly when it is looked at last. */
static void be_unready(struct inventor *v)
{
    static const char *const ways[][2] = {
        { "control service rds us-west-2 denied", "control service rds us-west-2 up" },
        { "control service ecs us-west-2 down", "control service ecs us-west-2 up" },
        { "control service autoscaling us-west-2 throttled",
          "control service autoscaling us-west-2 up" },
        { "control make service-quotas us-west-2 "
          "{\"service\":\"fargate\",\"code\":\"L-3032A538\",\"value\":6}",
          "control make service-quotas us-west-2 "
          "{\"service\":\"fargate\",\"code\":\"L-3032A538\",\"value\":400}" },
    };
    size_t way = below(v, sizeof ways / sizeof ways[0]);
    later(v, below(v, 30000), ways[way][0]);
    later(v, 30000 + below(v, 60000), ways[way][1]);
}

/* A controller that has begun anew looks at no standby for a minute; what the last look found
 * counts for less than that, whatever is done to the clock meanwhile. */
static void grow_old(struct inventor *v)
{
    add(v, "crash 100");
    if (below(v, 2))
        (void)script_add(v->script, v->now_ms + 5000, "jump -%u",
                         10000 + (unsigned)below(v, 40000));
    v->now_ms += 34000 + below(v, 24000);
}

static void look_first(struct inventor *v)
{
    if (below(v, 2))
        be_unready(v);
    if (below(v, 8))
        v->now_ms = FIRST_LOOK_MS + below(v, 60000);
    if (below(v, 4) == 0)
        grow_old(v);
}

/* --- trouble --- */

static void crash(struct inventor *v)
{
    uint64_t down_ms = 100 + below(v, 8000);
    switch (v->controllers > 1 ? 1 + below(v, 2) : below(v, 4)) {
    case 0:
        (void)script_add(v->script, v->now_ms, "crash-commit %u %s %u", (unsigned)below(v, 12) + 1,
                         below(v, 2) ? "kept" : "lost", (unsigned)down_ms);
        break;
    case 1:
        (void)script_add(v->script, v->now_ms, "crash-request %u %u", (unsigned)below(v, 12) + 1,
                         (unsigned)down_ms);
        break;
    default:
        (void)script_add(v->script, v->now_ms, "crash %u", (unsigned)down_ms);
    }
}

static void meddle(struct inventor *v)
{
    static const char *const words[] = {
        "pause",
        "resume",
        "cancel",
        "retry",
        "mode 0",
        "mode 1",
        "cancel",
        "override",
        "approve",
        "decline",
        "skip",
        "stop",
        "approve",
        "ack",
        "rollback",
        "resume",
        "approve",
        "override",
        "hold 20000",
        "release",
        "freeze 20000",
        "unfreeze",
        "stop-automation",
        "allow-automation",
    };
    const char *word = words[below(v, sizeof words / sizeof words[0])];
    const char *who = below(v, 2) ? "ann" : "bob";
    if (v->back && strcmp(word, "mode 1") == 0)
        return;
    if (below(v, 8) == 0)
        (void)script_add(v->script, v->now_ms, "wrong %s %s", who, word);
    else
        (void)script_add(v->script, v->now_ms, "say %s %s", who, word);
    if (below(v, 6) == 0) /* two at once */
        (void)script_add(v->script, v->now_ms, "say %s %s", who[0] == 'a' ? "bob" : "ann", word);
}

/* Two must say yes: what one of them said it to, another one changes. */
static void disagree(struct inventor *v)
{
    for (unsigned n = 1 + (unsigned)below(v, 3); n > 0; n--) {
        v->now_ms += 1000 + below(v, 8000);
        (void)script_add(v->script, v->now_ms, "say %s approve", below(v, 2) ? "ann" : "bob");
        if (below(v, 2) && !v->back)
            (void)script_add(v->script, v->now_ms + below(v, 1000), "say eve mode %u",
                             (unsigned)below(v, 2));
    }
}

/* Gray: up, and of no use. What is put in comes out again, sooner or later. */
static void disturb(struct inventor *v)
{
    static const char *const services[] = { "ecs", "rds", "s3", "autoscaling", "cloudwatch" };
    static const char *const kinds[] = { "down", "throttled", "slow 1500", "lost 2",
                                         "lost-mutation 1" };
    const char *service = services[below(v, sizeof services / sizeof services[0])];
    const char *region = below(v, 3) ? "us-west-2" : below(v, 2) ? "us-east-1" : "eu-west-1";
    (void)script_add(v->script, v->now_ms, "control service %s %s %s", service, region,
                     kinds[below(v, sizeof kinds / sizeof kinds[0])]);
    (void)script_add(v->script, v->now_ms + 500 + below(v, 12000), "control service %s %s up",
                     service, region);
}

static void turn_clock(struct inventor *v)
{
    if (below(v, 2))
        (void)script_add(v->script, v->now_ms, "jump %lld",
                         (long long)below(v, 2 * JUMP_MAX_MS) - JUMP_MAX_MS);
    else
        (void)script_add(v->script, v->now_ms, "rate %u", 980000 + (unsigned)below(v, 40000));
}

/* As a cleanup by an old plan left it, in AWS's October 2025. */
static void empty(struct inventor *v)
{
    static const char *const names[] = { "api", "img", "www" };
    (void)script_add(v->script, v->now_ms,
                     "control make route53 us-east-1 {\"kind\":\"no-record\",\"zone\":"
                     "\"Z0SHOP\",\"name\":\"%s.example.com\"}",
                     names[below(v, 3)]);
}

static void trouble(struct inventor *v)
{
    uint64_t turns = 3 + below(v, 8);
    if (v->stale)
        (void)script_add(v->script, v->now_ms, "control stale %u",
                         (unsigned)(100 + below(v, STALE_MAX_MS - 100)));
    if (v->capacity)
        add(v, "control service ecs us-west-2 throttled");
    for (uint64_t i = 0; i < turns; i++) {
        v->now_ms += 200 + below(v, 4000);
        if (v->crashes && below(v, 3) == 0) {
            crash(v);
            v->crashes--;
        }
        if (v->disk && below(v, 6) == 0) {
            (void)script_add(v->script, v->now_ms, "full %u", (unsigned)below(v, 5000));
            v->disk = false;
        }
        if (v->meddles && below(v, 2) == 0)
            meddle(v);
        if (v->script->settings == 3 && below(v, 2) == 0)
            disagree(v);
        if (v->services && below(v, 3) == 0)
            disturb(v);
        if (v->empties && below(v, 4) == 0)
            empty(v);
        if (v->clocks && below(v, 4) == 0)
            turn_clock(v);
        if (v->pauses && below(v, 6) == 0)
            (void)script_add(v->script, v->now_ms, "pause %u",
                             (unsigned)(below(v, 4) ? below(v, 5000) : below(v, 150000)));
        if (v->reloads && below(v, 4) == 0)
            (void)script_add(v->script, v->now_ms, "reload %u", (unsigned)below(v, 3));
        if (v->returns && below(v, 6) == 0)
            add(v, "control region us-east-1 up");
        if (v->controllers > 1)
            trouble_nodes(v);
    }
}

static void go_back(struct inventor *v)
{
    v->now_ms += 30000;
    add(v, "say ann ack");
    add(v, "begin failback graceful");
    v->back = true;
    trouble(v);
}

void invent(uint64_t seed, const char *app, unsigned controllers, struct script *ret)
{
    struct inventor v = { .script = ret,
                          .random = seed * 0xd1342543de82ef95u + 7,
                          .controllers = controllers };
    *ret = (struct script){ .seed = seed };
    (void)evac_str_copy(ret->app, sizeof ret->app, evac_str(app));
    (void)evac_str_copy(ret->expect, sizeof ret->expect, EVAC_STR("good"));
    v.dormant = strstr(app, "pilot-light") || strstr(app, "backup-restore");
    v.restores = strstr(app, "backup-restore") != NULL;
    v.empties = strstr(app, "names.cfg") && seed % 3 == 0;
    v.rounds = strstr(app, "ready.cfg") != NULL;
    choose(&v);
    v.now_ms = 2500 + below(&v, 5000);
    if (controllers > 1) {
        choose_share(&v);
        v.now_ms += v.script->share.ttl_ms / 2; /* somebody leads by then, or soon */
    }
    if (v.dormant && below(&v, 2)) {
        add(&v, "rehearse"); /* a standby where nothing runs is a target when it was found ready */
        v.now_ms += 3000;
    }
    if (v.rounds)
        look_first(&v);
    tell(&v);
    /* the region that dies has a controller, and a member of etcd */
    if (controllers > 2 && v.die && (v.tale == FAILS || v.tale == LAGS) && below(&v, 2))
        add(&v, "node 0 gone");
    trouble(&v);
    if (v.tale == BACK)
        go_back(&v);
    v.now_ms += 200 + below(&v, 2000) + (v.linger ? 60000 + below(&v, 90000) : 0);
    ret->calm_ms = v.now_ms;
    if (!v.quiet && below(&v, 2))
        ret->limits = LIMITS_LEAST + (unsigned)below(&v, LIMITS_MOST - LIMITS_LEAST + 1);
}
