/*
 * evac-dst: the whole product, thousands of failovers, in virtual time, from seeds.
 *
 * --seeds N [--from S]         seeds S, S+1, ...; the first that breaks is cut down and printed
 * --seed S --trace             one seed, with its story
 * --play FILE...               kept scripts: each must end as it expects
 * --print --seed S             the script that a seed makes
 * --controllers N              2 or 3 of them, which share the journal
 * --app strategies/X.cfg       another app than the warm standby, from contrib/demo
 * --expect-broken --seeds N    some seed must break
 * --without RULE               a safety rule is left out (a build with -DEVAC_WITHOUT=ON)
 * --rules                      their names
 */
#include "invent.h"
#include "play.h"
#include "shrink.h"
#include "without.h"

#include <getopt.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SHRINK_S 50.0
#define FILE_MAX (1u << 20)

struct options {
    const char *app;
    uint64_t from, count;
    unsigned controllers;
    bool trace, expect, keep_going, print, no_shrink;
};

struct sum {
    uint64_t seeds, broken, events, requests, runs, ended[EVAC_RUN_STATE_COUNT];
    uint64_t digest; /* of all that was journalled: the same in every build that plays the same */
    double virtual_s;
};

static void add(struct sum *sum, const struct played *p)
{
    sum->seeds++;
    sum->broken += p->broken[0] != '\0';
    sum->events += p->events;
    sum->requests += p->requests;
    sum->virtual_s += (double)p->virtual_ms / 1000;
    sum->runs += p->runs;
    sum->ended[p->ended]++;
    sum->digest = (sum->digest ^ p->rows) * 0x100000001b3u;
}

static void print(const struct script *script, const char *title)
{
    struct evac_buf out;
    evac_buf_init(&out, FILE_MAX);
    script_write(script, title, &out);
    fputs(evac_buf_str(&out).p, stdout);
    evac_buf_done(&out);
}

/* S12: a jump of the wall clock changes no decision. */
static void check_clocks(const struct script *script, struct played *p)
{
    static struct script steady;
    const struct play_options quiet = { .verbose = false };
    struct played other;
    bool jumps = false;
    steady = *script;
    steady.line_count = 0;
    for (size_t i = 0; i < script->line_count; i++)
        if (strncmp(script->lines[i].text, "crash-", 6) == 0 ||
            strncmp(script->lines[i].text, "full ", 5) == 0)
            return; /* that a clock jumped is a row, too */
        else if (strncmp(script->lines[i].text, "jump ", 5) == 0)
            jumps = true;
        else
            steady.lines[steady.line_count++] = script->lines[i];
    if (!jumps || p->broken[0] || script->seed % 8 || script->controllers > 1)
        return; /* and a row more is a question more to etcd, whose chances follow one another */
    play(&steady, &quiet, &other);
    if (!other.broken[0] && other.story != p->story)
        (void)snprintf(p->broken, sizeof p->broken,
                       "S12: with a steady wall clock another story is told");
}

static void cut_down(struct script *script, const struct played *p)
{
    char kind[8], title[600];
    unsigned plays;
    kind_of(p->broken, kind);
    (void)snprintf(title, sizeof title, "%s", p->broken);
    fprintf(stderr, "cutting it down ...\n");
    shrink(script, kind, SHRINK_S, &plays);
    fprintf(stderr, "%zu lines, after %u plays:\n\n", script_length(script), plays);
    print(script, title);
}

static bool one(const struct options *o, uint64_t seed, struct sum *sum)
{
    static struct script script;
    const struct play_options options = { .verbose = o->trace };
    struct played p;
    invent(seed, o->app, o->controllers, &script);
    if (o->print) {
        print(&script, "a seed's script");
        return true;
    }
    play(&script, &options, &p);
    check_clocks(&script, &p);
    add(sum, &p);
    if (!p.broken[0])
        return true;
    fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, p.broken);
    if (!o->expect && !o->keep_going && !o->no_shrink)
        cut_down(&script, &p);
    return false;
}

/* --- kept scripts --- */

static bool load(const char *path, struct script *ret_script)
{
    struct evac_buf text;
    size_t line = 0;
    FILE *f = fopen(path, "r");
    evac_buf_init(&text, FILE_MAX);
    for (int c; f && (c = fgetc(f)) != EOF;)
        evac_buf_putc(&text, (char)c);
    bool good = f && script_read(evac_buf_str(&text), ret_script, &line);
    if (!f)
        fprintf(stderr, "%s: can not be read\n", path);
    else if (!good)
        fprintf(stderr, "%s:%zu: no line of a script, or none says calm\n", path, line);
    if (f)
        fclose(f);
    evac_buf_done(&text);
    return good;
}

/* A script that broke something once expects `good` when that was mended. */
static bool play_file(const struct options *o, const char *path, struct sum *sum)
{
    static struct script script;
    const struct play_options options = { .verbose = o->trace };
    struct played p;
    char kind[8];
    if (!load(path, &script))
        return false;
    play(&script, &options, &p);
    add(sum, &p);
    kind_of(p.broken, kind);
    bool good = strcmp(script.expect, p.broken[0] ? kind : "good") == 0;
    printf("%s %s: %s\n", good ? "ok" : "NOT OK", path, p.broken[0] ? p.broken : "nothing broke");
    sum->broken -= good && p.broken[0];
    return good;
}

/* --- what is said of them all --- */

/* Of the process: what others do on this machine does not count. */
static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_sum(const struct sum *sum, double seconds)
{
    printf("{\"seeds\":%llu,\"broken\":%llu,\"runs\":%llu,\"events\":%llu,\"requests\":%llu,"
           "\"virtual_s\":%.0f,"
           "\"digest\":\"%016llx\",\"seconds\":%.2f,\"seeds_per_s\":%.1f,\"ended\":{",
           (unsigned long long)sum->seeds, (unsigned long long)sum->broken,
           (unsigned long long)sum->runs, (unsigned long long)sum->events,
           (unsigned long long)sum->requests, sum->virtual_s, (unsigned long long)sum->digest,
           seconds, seconds > 0 ? (double)sum->seeds / seconds : 0);
    for (unsigned i = 0; i < EVAC_RUN_STATE_COUNT; i++)
        printf("%s\"%s\":%llu", i ? "," : "", evac_run_state_name((enum evac_run_state)i),
               (unsigned long long)sum->ended[i]);
    printf("}}\n");
}

static int usage(void)
{
    fputs("evac-dst [--app strategies/X.cfg] [--controllers N] [--seeds N] [--from S] [--seed S] "
          "[--trace] [--print]\n"
          "         [--expect-broken] [--keep-going] [--no-shrink] [--without RULE] [--play "
          "FILE...]\n",
          stderr);
    return 2;
}

static bool read_options(int argc, char **argv, struct options *o, bool *ret_play)
{
    static const struct option names[] = {
        { "seeds", required_argument, NULL, 'n' },
        { "from", required_argument, NULL, 'f' },
        { "seed", required_argument, NULL, 's' },
        { "trace", no_argument, NULL, 't' },
        { "expect-broken", no_argument, NULL, 'x' },
        { "keep-going", no_argument, NULL, 'k' },
        { "app", required_argument, NULL, 'a' },
        { "print", no_argument, NULL, 'p' },
        { "without", required_argument, NULL, 'w' },
        { "play", no_argument, NULL, 'l' },
        { "controllers", required_argument, NULL, 'c' },
        { "no-shrink", no_argument, NULL, 'N' },
        { "rules", no_argument, NULL, 'R' },
        { NULL, 0, NULL, 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;)
        switch (c) {
        case 'n':
            o->count = strtoull(optarg, NULL, 10);
            break;
        case 'f':
        case 's':
            o->from = strtoull(optarg, NULL, 10);
            o->count = c == 's' ? 1 : o->count;
            break;
        case 't':
            o->trace = true;
            break;
        case 'x':
            o->expect = true;
            break;
        case 'k':
            o->keep_going = true;
            break;
        case 'p':
            o->print = true;
            break;
        case 'N':
            o->no_shrink = true;
            break;
        case 'l':
            *ret_play = true;
            break;
        case 'a':
            o->app = optarg;
            break;
        case 'c':
            o->controllers = (unsigned)strtoul(optarg, NULL, 10);
            if (o->controllers < 1 || o->controllers > 3)
                return false;
            break;
        case 'R':
            print_rules();
            exit(0);
        case 'w':
            if (leave_out(optarg))
                break;
            return false;
        default:
            return false;
        }
    return true;
}

int main(int argc, char **argv)
{
    struct options o = { .app = "", .from = 1, .count = 100 };
    struct sum sum = { 0 };
    bool files = false, good = true;
    if (!read_options(argc, argv, &o, &files))
        return usage();
#ifdef __GLIBC__
    /* a world's big tables are fresh pages, of which few are touched, not old ones to be cleared */
    (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
    double start = now_s();
    for (int i = optind; files && i < argc; i++)
        good &= play_file(&o, argv[i], &sum);
    for (uint64_t i = 0; !files && i < o.count; i++)
        if (!one(&o, o.from + i, &sum) && !o.keep_going)
            break;
    if (!o.print)
        print_sum(&sum, now_s() - start);
    return good && (sum.broken > 0) == o.expect ? 0 : 1;
}
