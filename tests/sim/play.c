#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTIVE      "us-east-1"
#define STEP_MS     500u /* how often somebody looks whether it is over */
#define ANSWER_EACH 20u  /* and how often of these looks whoever is on call answers */
#define CALM_MS     7200000u
#define NO_RUN_MS   40000u /* a start gives a region that was not seen yet 30 s of grace */
#define ZOMBIES_MS  36000u
#define AFTER_MS    2000u /* a writer that fenced itself asks again within a third of its 5 s */
#define ASKED_SHARE 80u   /* of services' limits, as evacd's own */

/* What is replaced in the demonstration's configuration: one a setting, and what `reload` takes. */
static const char *const settings[] = {
    "canary = \"1s\"; measure = \"1s\"=>canary = \"2s\"; measure = \"5s\"",
    "canary = \"1s\"; measure = \"1s\"=>canary = \"4s\"; measure = \"8s\"",
    "canary = \"1s\"; measure = \"1s\"=>canary = \"2s\"; measure = \"5s\"\n"
    "automatic = \"act\"=>automatic = \"propose\"",
    /* two approvers must say yes, and everybody is one */
    "canary = \"1s\"; measure = \"1s\"=>canary = \"2s\"; measure = \"5s\"\n"
    "automatic = \"act\"=>automatic = \"propose\"\n"
    "  drills = (=>  approvals = { need = 2; "
    "requester_may_approve = true; }; drills = (",
};
#define SETTINGS  (sizeof settings / sizeof settings[0])
#define PROPOSES  2u /* of these, and the next one */
#define TWO_YESES 3u

struct player {
    const struct script *script;
    struct world *w;
    const char *wrong; /* a line that could not be done */
    bool calm, against;
    unsigned reloads;
    struct ending ending;
};

/* --- the verbs --- */

static struct evac_str word_of(struct evac_str *rest)
{
    return evac_str_cut(*rest, ' ', rest);
}

static int64_t number_of(struct evac_str *rest)
{
    int64_t value = 0;
    (void)evac_str_i64(word_of(rest), &value);
    return value;
}

#define LAG_STEP_MS 4000 /* and measured as often */

static bool do_control(struct player *p, struct evac_str rest)
{
    if (evac_str_starts(rest, "lag "))
        p->ending.slack_ms = LAG_STEP_MS;
    if (evac_str_is(rest, "region " ACTIVE " down")) {
        p->ending.died_ms = world_boot(p->w);
        p->ending.dies = true;
    } else if (evac_str_is(rest, "region " ACTIVE " up")) {
        p->ending.dies = false;
    }
    promise_emptied(&p->ending, rest);
    world_control(p->w, "%.*s", EVAC_STR_ARG(rest));
    return true;
}

static bool do_begin(struct player *p, struct evac_str rest)
{
    enum evac_workflow workflow;
    if (!evac_workflow_parse(word_of(&rest), &workflow))
        return false;
    (void)world_begin(p->w, workflow,
                      evac_str_is(rest, "graceful") ? EVAC_MODE_GRACEFUL : EVAC_MODE_UNGRACEFUL);
    return true;
}

static bool do_rehearse(struct player *p, struct evac_str rest)
{
    (void)rest;
    (void)world_rehearse(p->w);
    return true;
}

/* L5: whoever is refused is told why. */
static void answered(struct player *p, const struct evac_command *word, enum evac_code code)
{
    if (code && code != EVAC_E_UNREACHABLE && !world_said(p->w)[0])
        p->wrong = "L5: somebody was refused without a word";
    if (word->verb != EVAC_CMD_APPROVE && word->verb != EVAC_CMD_RESUME &&
        word->verb != EVAC_CMD_OVERRIDE && word->verb != EVAC_CMD_RETRY)
        p->against = true;
}

static void hear(struct player *p, const struct evac_command *word)
{
    bool nobody = world_controllers(p->w) < 2 && world_hindered(p->w);
    answered(p, word, nobody ? EVAC_E_UNREACHABLE : world_hear(p->w, word));
}

static bool read_command(struct evac_str rest, struct evac_command *ret)
{
    *ret = (struct evac_command){ .who = word_of(&rest), .reason = EVAC_STR("a story") };
    bool good = evac_command_parse(word_of(&rest), &ret->verb);
    ret->value = number_of(&rest);
    ret->step = rest;
    return good;
}

static uint32_t roles_of(const struct player *p)
{
    return p->script->settings % SETTINGS == TWO_YESES ? EVAC_ROLE_BIT(EVAC_ROLE_APPROVER) : 0;
}

static bool do_say(struct player *p, struct evac_str rest)
{
    struct evac_command word;
    if (!read_command(rest, &word))
        return false;
    word.roles = roles_of(p);
    hear(p, &word);
    return true;
}

/* The same, of an app and a run that there are not. */
static bool do_wrong(struct player *p, struct evac_str rest)
{
    struct evac_command word;
    if (!read_command(rest, &word))
        return false;
    word.app = EVAC_STR("shopp");
    word.run = world_last_run(p->w) + 7;
    if (world_hear(p->w, &word) == EVAC_OK && word.verb < EVAC_CMD_STOP_AUTOMATION)
        p->wrong = "L5: a word about a run that there is not was taken";
    return true;
}

static bool do_crash(struct player *p, struct evac_str rest)
{
    world_crash(p->w, (uint64_t)number_of(&rest));
    return true;
}

static bool do_crash_commit(struct player *p, struct evac_str rest)
{
    uint32_t n = (uint32_t)number_of(&rest);
    bool kept = evac_str_is(word_of(&rest), "kept");
    world_crash_at_commit(p->w, n ? n : 1, kept, (uint64_t)number_of(&rest) + 1);
    return true;
}

static bool do_crash_request(struct player *p, struct evac_str rest)
{
    uint32_t n = (uint32_t)number_of(&rest);
    world_crash_at_request(p->w, n ? n : 1, (uint64_t)number_of(&rest) + 1);
    return true;
}

static bool do_full(struct player *p, struct evac_str rest)
{
    world_disk_full(p->w, (uint64_t)number_of(&rest));
    return true;
}

static bool do_pause(struct player *p, struct evac_str rest)
{
    world_pause(p->w, (uint64_t)number_of(&rest));
    return true;
}

static bool do_jump(struct player *p, struct evac_str rest)
{
    world_clock_jump(p->w, number_of(&rest));
    p->ending.clocks_differ = world_controllers(p->w) > 1;
    return true;
}

static bool do_rate(struct player *p, struct evac_str rest)
{
    uint32_t millionths = (uint32_t)number_of(&rest);
    if (millionths < 1000000 && 1000000 - millionths > p->ending.slow_millionths)
        p->ending.slow_millionths = 1000000 - millionths;
    world_clock_rate(p->w, millionths);
    return true;
}

/* Its own way to that region is cut, and its anchors tell it so; "-": no longer. */
static bool do_blind(struct player *p, struct evac_str rest)
{
    bool cut = !evac_str_is(rest, "-");
    world_blind(p->w, 0, cut ? rest.p : NULL);
    world_abstain(p->w, 0, cut);
    return true;
}

/* --- one among several --- */

/* "leader", "follower" (the first that does not lead), or a number. */
static bool node_of(struct player *p, struct evac_str name, unsigned *ret)
{
    unsigned count = world_controllers(p->w), leader = world_leads(p->w);
    int64_t n;
    if (evac_str_is(name, "leader"))
        *ret = leader < count ? leader : 0;
    else if (evac_str_is(name, "follower"))
        *ret = leader == 0 ? 1 : 0;
    else if (evac_str_i64(name, &n) && n >= 0 && n < (int64_t)count)
        *ret = (unsigned)n;
    else
        return false;
    return true;
}

static void answered(struct player *p, const struct evac_command *word, enum evac_code code);

static bool node_says(struct player *p, unsigned node, struct evac_str rest)
{
    struct evac_command word;
    if (!read_command(rest, &word))
        return false;
    answered(p, &word, world_node_hear(p->w, node, &word));
    return true;
}

/* "pause-commit 3 60000": at the third that lands from now. */
static bool stop_at_commit(struct player *p, unsigned node, bool dies, struct evac_str rest)
{
    uint32_t n = (uint32_t)number_of(&rest);
    uint64_t ms = (uint64_t)number_of(&rest) + 1;
    if (dies)
        world_node_crash_at_commit(p->w, node, n ? n : 1, ms);
    else
        world_node_pause_at_commit(p->w, node, n ? n : 1, ms);
    return true;
}

static bool do_node(struct player *p, struct evac_str rest)
{
    unsigned node;
    if (world_controllers(p->w) < 2)
        return true; /* a script that was cut down */
    if (!node_of(p, word_of(&rest), &node))
        return false;
    struct evac_str verb = word_of(&rest);
    if (evac_str_is(verb, "crash"))
        world_node_crash(p->w, node, (uint64_t)number_of(&rest));
    else if (evac_str_is(verb, "gone"))
        world_node_gone(p->w, node);
    else if (evac_str_is(verb, "pause"))
        world_node_pause(p->w, node, (uint64_t)number_of(&rest));
    else if (evac_str_is(verb, "cut") || evac_str_is(verb, "mend"))
        world_node_cut(p->w, node, evac_str_is(verb, "cut"));
    else if (evac_str_is(verb, "alone") || evac_str_is(verb, "back"))
        world_node_alone(p->w, node, evac_str_is(verb, "alone"));
    else if (evac_str_is(verb, "blind"))
        world_node_blind(p->w, node, evac_str_is(rest, "-") ? NULL : rest.p);
    else if (evac_str_is(verb, "pause-commit") || evac_str_is(verb, "crash-commit"))
        return stop_at_commit(p, node, evac_str_is(verb, "crash-commit"), rest);
    else if (evac_str_is(verb, "say"))
        return node_says(p, node, rest);
    else
        return false;
    return true;
}

static bool do_etcd(struct player *p, struct evac_str rest)
{
    return world_controllers(p->w) < 2 || world_etcd(p->w, rest);
}

static bool do_reload(struct player *p, struct evac_str rest)
{
    uint64_t n = (uint64_t)number_of(&rest);
    if (p->reloads++ < 4)
        (void)world_reload(p->w, settings[n % SETTINGS]);
    p->against = p->against || n % SETTINGS >= PROPOSES;
    return true;
}

static const struct {
    const char *name;
    bool (*run)(struct player *p, struct evac_str rest);
} verbs[] = {
    { "control", do_control },
    { "begin", do_begin },
    { "rehearse", do_rehearse },
    { "say", do_say },
    { "wrong", do_wrong },
    { "crash", do_crash },
    { "crash-commit", do_crash_commit },
    { "crash-request", do_crash_request },
    { "full", do_full },
    { "pause", do_pause },
    { "jump", do_jump },
    { "rate", do_rate },
    { "blind", do_blind },
    { "reload", do_reload },
    { "node", do_node },
    { "etcd", do_etcd },
};

static void act(struct player *p, const char *text)
{
    struct evac_str rest = evac_str(text), name = word_of(&rest);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (evac_str_is(name, verbs[i].name) && verbs[i].run(p, rest))
            return;
    p->wrong = text;
}

/* --- faults have stopped --- */

static uint64_t roll(const struct player *p, unsigned look, uint64_t n)
{
    const struct fate of = { .operation = "answer", .nth = look };
    return fate_draw(p->script->seed, &of, 9, n);
}

static void say_as(struct player *p, const char *who, enum evac_command_verb verb, int64_t value)
{
    const struct evac_command word = { .verb = verb,
                                       .who = evac_str(who),
                                       .roles = roles_of(p),
                                       .reason = EVAC_STR(
                                           "on call: accepts the unknown loss, and what is shown"),
                                       .value = value };
    (void)world_hear(p->w, &word);
}

static void say(struct player *p, enum evac_command_verb verb, int64_t value)
{
    say_as(p, "ann", verb, value);
}

/* Whoever is on call answers what a run asks, sooner or later, so that runs end for a reason. */
static void answer(struct player *p, unsigned look)
{
    enum evac_run_state state = world_run_state(p->w);
    bool declines = state == EVAC_RUN_PROPOSED && roll(p, look, 3) == 0;
    if (state == EVAC_RUN_PROPOSED && p->script->settings % SETTINGS == TWO_YESES)
        say_as(p, "bob", EVAC_CMD_APPROVE, 0);
    if (state == EVAC_RUN_PROPOSED)
        say(p, declines ? EVAC_CMD_DECLINE : EVAC_CMD_APPROVE, 0);
    p->ending.quiet = p->ending.quiet && !declines; /* somebody is against it */
    bool back = strcmp(world_run_to(p->w), ACTIVE) == 0;
    if (state == EVAC_RUN_ASKING && !back && roll(p, look + 1, 3) == 0)
        say(p, EVAC_CMD_MODE, EVAC_MODE_UNGRACEFUL); /* what was planned can not be any more */
    if (state == EVAC_RUN_ASKING)
        say(p, roll(p, look + 2, 2) ? EVAC_CMD_RETRY : EVAC_CMD_CANCEL, 0);
    say(p, EVAC_CMD_OVERRIDE, 0);
    say(p, EVAC_CMD_RESUME, 0);
}

static bool is_broken(const struct player *p)
{
    return p->wrong || world_broken(p->w)[0];
}

static bool is_over(const struct player *p, uint64_t calm_ms)
{
    uint64_t since = world_started_ms(p->w) > calm_ms ? world_started_ms(p->w) : calm_ms;
    if (!world_shell(p->w))
        return false;
    return world_last_run(p->w) ? evac_run_is_over(world_run_state(p->w))
                                : world_now(p->w) >= since + NO_RUN_MS;
}

static void let_zombies_land(struct player *p)
{
    uint64_t over = world_now(p->w);
    while (!is_broken(p) && world_has_zombies(p->w, over) && world_now(p->w) < over + ZOMBIES_MS)
        world_run(p->w, 1000);
    world_run(p->w, AFTER_MS);
}

/* L3: two elections, the lease, a second, a poll and a question; a dropped shell and the name's
 * second. */
#define LEAD_SLACK_MS 3000u
static void somebody_leads(struct player *p)
{
    uint64_t from = world_now(p->w), within = world_takeover_ms(p->w) + LEAD_SLACK_MS;
    world_many_calm(p->w);
    while (!is_broken(p) && world_leads(p->w) == world_controllers(p->w) &&
           world_now(p->w) < from + within)
        world_run(p->w, 100);
    if (world_leads(p->w) == world_controllers(p->w))
        p->wrong = "L3: the faults have stopped, and nobody leads in time";
}

/* What is broken for good stays broken. Everything must end, and nothing land after that. */
static void calm(struct player *p)
{
    static const char *const regions[] = { "us-east-1", "us-west-2", "eu-west-1" };
    static const char *const services[] = { "ecs", "rds", "s3", "autoscaling" };
    const struct world_faults none = { 0 };
    while (world_hindered(p->w))
        world_run(p->w, 1000);
    uint64_t from = world_now(p->w);
    world_set_faults(p->w, &none);
    world_control(p->w, "stale 0");
    for (size_t r = 0; r < 3; r++)
        for (size_t i = 0; i < 4; i++)
            world_control(p->w, "service %s %s up", services[i], regions[r]);
    world_blind(p->w, 0, NULL);
    world_abstain(p->w, 0, false);
    if (world_controllers(p->w) > 1)
        somebody_leads(p);
    for (unsigned look = 1; !is_broken(p) && world_now(p->w) < from + CALM_MS; look++) {
        if (is_over(p, from))
            let_zombies_land(p);
        if (is_over(p, from)) /* still: another run may have begun in the meantime */
            return;
        world_run(p->w, STEP_MS);
        if (look % ANSWER_EACH == 0)
            answer(p, look);
        if (world_controllers(p->w) > 1)
            world_unpark(p->w);
    }
}

/* --- all of it --- */

static void keep_fate(void *user, const struct fate *fate)
{
    if (user)
        (void)script_add_request(user, fate);
}

static struct world *make(const struct script *s, const struct play_options *o)
{
    const struct world_options options = { .seed = s->seed,
                                           .speed = 10,
                                           .app_file = s->app[0] ? s->app : NULL,
                                           .app_extra = settings[s->settings % SETTINGS],
                                           .faults = s->rates,
                                           .limits_share = s->limits ? s->limits : ASKED_SHARE,
                                           .controllers = s->controllers,
                                           .share = &s->share,
                                           .apart = true,
                                           .fates = s->requests,
                                           .fate_count = s->request_count,
                                           .fated = o->keep ? keep_fate : NULL,
                                           .user = o->keep,
                                           .judged = true,
                                           .rounds = strstr(s->app, "ready.cfg") != NULL,
                                           .disk_fails = true,
                                           .verbose = o->verbose };
    return world_new(&options);
}

static void play_lines(struct player *p)
{
    const struct script *s = p->script;
    for (size_t i = 0; i < s->line_count && !is_broken(p); i++) {
        if (s->lines[i].at_ms > world_now(p->w))
            world_until(p->w, s->lines[i].at_ms);
        if (p->ending.copies == UINT32_MAX)
            p->ending.copies = promise_copies(p->w);
        act(p, s->lines[i].text);
    }
    if (s->calm_ms > world_now(p->w) && !is_broken(p))
        world_until(p->w, s->calm_ms);
}

/* Of what the controller thought of the regions, and when, up to the first run that it began, or
 * the end of faults: all that other chances later can not tell apart. */
static uint64_t hash_story(const char *trace, uint64_t until_ms)
{
    struct evac_str rest = evac_str(trace);
    uint64_t hash = 1;
    while (rest.n) {
        struct evac_str line = evac_str_cut(rest, '\n', &rest);
        if (strtod(line.p, NULL) * 1000 >= (double)until_ms)
            break;
        if (evac_str_has(line, " verdict ") || evac_str_has(line, " admit "))
            hash = hash * 31 + evac_str_hash(line);
        if (evac_str_has(line, " admit "))
            break;
    }
    return hash;
}

/* Nothing but what it is about happens in it. */
static bool is_quiet(const struct script *s)
{
    static const struct world_faults none = { 0 };
    bool quiet = s->settings == 0 && s->limits == 0 && s->request_count == 0 &&
                 memcmp(&s->rates, &none, sizeof none) == 0;
    for (size_t i = 0; i < s->line_count; i++)
        quiet = quiet && (strcmp(s->lines[i].text, "control region " ACTIVE " down") == 0 ||
                          strncmp(s->lines[i].text, "begin failover ", 15) == 0 ||
                          strcmp(s->lines[i].text, "rehearse") == 0);
    return quiet;
}

void play(const struct script *script, const struct play_options *options,
          struct played *ret_played)
{
    struct player p = { .script = script, .w = make(script, options) };
    p.ending = (struct ending){
        .w = p.w, .app = script->app, .copies = UINT32_MAX, .folds = script->seed % 4 == 0
    };
    p.ending.quiet = is_quiet(script);
    p.against = script->settings % SETTINGS >= PROPOSES;
    *ret_played = (struct played){ .story = 0 };
    play_lines(&p);
    if (p.ending.copies == UINT32_MAX)
        p.ending.copies = promise_copies(p.w);
    if (!is_broken(&p))
        calm(&p);
    bool dormant = strstr(script->app, "pilot") || strstr(script->app, "backup");
    p.ending.dies = p.ending.dies && !p.against && !dormant; /* that is a person's to begin */
    ret_played->ended = world_run_state(p.w);
    ret_played->story = hash_story(world_trace(p.w), script->calm_ms);
    ret_played->rows = evac_str_hash(evac_str(world_trace(p.w)));
    if (is_broken(&p))
        (void)evac_str_copy(ret_played->broken, sizeof ret_played->broken,
                            evac_str(p.wrong ? p.wrong : world_broken(p.w)));
    else
        promise_check(&p.ending, ret_played->broken, sizeof ret_played->broken);
    if (!ret_played->broken[0] && world_broken(p.w)[0])
        (void)evac_str_copy(ret_played->broken, sizeof ret_played->broken,
                            evac_str(world_broken(p.w)));
    ret_played->events = world_events(p.w);
    ret_played->requests = world_requests(p.w);
    ret_played->runs = world_last_run(p.w);
    ret_played->virtual_ms = world_now(p.w);
    if (options->verbose && ret_played->broken[0])
        fputs(world_truth(p.w), stderr);
    world_free(p.w);
}
