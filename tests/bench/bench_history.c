/*
 * What asking for the past costs when there is much of it: a journal of many runs, and the
 * questions that a person's screen asks of it, answered by the store alone.
 *
 *   bench_history [RUNS [ROWS-A-RUN [FILE]]]   a JSON line for each question; 100000 and 10 by
 *                                              default. FILE: where the journal is left, for evacd
 */
#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define APPS  40u
#define BATCH 5000u /* rows a commit: as many as a journal that is merged is taken in */

static char path[200];
static struct evac_store *store;
static uint64_t runs = 100000, rows_a_run = 10, seq;

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* what others do on the machine is not measured */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const struct evac_err *err)
{
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void open_store(void)
{
    struct evac_err err = { EVAC_OK, "" };
    const struct evac_store_options o = { .path = path, .node = "n", .boot_id = "b" };
    if (evac_store_open_sqlite(&o, &store, &err))
        fail(&err);
}

/* --- a past ---------------------------------------------------------------------------------- */

static enum evac_record_kind kind_of(uint64_t at)
{
    static const enum evac_record_kind among[] = { EVAC_RECORD_STEP, EVAC_RECORD_INTENT,
                                                   EVAC_RECORD_OUTCOME, EVAC_RECORD_OBSERVE };
    if (at == 0)
        return EVAC_RECORD_ADMIT;
    if (at == rows_a_run - 1)
        return EVAC_RECORD_TERMINAL;
    return at == 1 ? EVAC_RECORD_DRILL : among[at % 4];
}

static void write_all(void)
{
    static struct evac_record batch[BATCH];
    static char app[APPS][16], data[600];
    struct evac_err err = { EVAC_OK, "" };
    memset(data, 'x', sizeof data - 1);
    for (unsigned i = 0; i < APPS; i++)
        snprintf(app[i], sizeof app[i], "app%u", i);
    size_t n = 0;
    for (uint64_t run = 1; run <= runs; run++)
        for (uint64_t at = 0; at < rows_a_run; at++) {
            batch[n++] = (struct evac_record){ .seq = ++seq,
                                               .kind = kind_of(at),
                                               .run = run,
                                               .app = evac_str(app[run % APPS]),
                                               .name = EVAC_STR("failover"),
                                               .to = EVAC_STR("succeeded"),
                                               .text = EVAC_STR("as a row of a step has it"),
                                               .t_wall_ms = 1790000000000 + (int64_t)seq,
                                               .data = at ? EVAC_STR_NONE : evac_str(data) };
            bool last = run == runs && at == rows_a_run - 1;
            if ((n == BATCH || last) && store->vt->append(store, batch, n, &err))
                fail(&err);
            n = n == BATCH ? 0 : n;
        }
}

/* Then nothing happens for a long time: as many rows again that machines write. */
static void write_quiet(void)
{
    static struct evac_record batch[BATCH];
    struct evac_err err = { EVAC_OK, "" };
    uint64_t until = 2 * seq;
    while (seq < until) {
        size_t n = 0;
        while (n < BATCH && seq < until)
            batch[n++] = (struct evac_record){ .seq = ++seq,
                                               .kind = EVAC_RECORD_LAG,
                                               .app = EVAC_STR("app7"),
                                               .name = EVAC_STR("db"),
                                               .t_wall_ms = 1790000000000 + (int64_t)seq };
        if (store->vt->append(store, batch, n, &err))
            fail(&err);
    }
}

/* --- what is asked --------------------------------------------------------------------------- */

static uint64_t wanted, taken;

static bool take(void *user, const struct evac_row *row)
{
    (void)user;
    (void)row;
    return ++taken < wanted;
}

static void ask(const char *what, struct evac_store_filter filter, uint64_t rows)
{
    struct evac_err err = { EVAC_OK, "" };
    double from = seconds();
    wanted = rows;
    taken = 0;
    if (store->vt->read(store, &filter, take, NULL, &err))
        fail(&err);
    printf("{\"asked\":\"%s\",\"rows\":%llu,\"cpu_ms\":%.2f}\n", what, (unsigned long long)taken,
           (seconds() - from) * 1e3);
}

static void ask_all(void)
{
    const struct evac_store_filter ended = { .kinds = EVAC_KIND(TERMINAL),
                                             .newest_first = true,
                                             .light = true },
                                   drills = { .kinds = EVAC_KIND(DRILL), .newest_first = true },
                                   rare = { .kinds = EVAC_KIND(EVIDENCE), .newest_first = true };
    struct evac_store_filter mine = ended, old = ended, begun = ended, around = drills;
    mine.app = begun.app = around.app = EVAC_STR("app7");
    begun.kinds = EVAC_KIND(ADMIT);
    around.kinds = EVAC_KIND(DRILL) | EVAC_KIND(WAIVER) | EVAC_KIND(FAULT) | EVAC_KIND(ESCALATE);
    around.newest_first = false;
    old.before_seq = seq / 2;
    ask("the newest 50 runs that ended", ended, 50);
    ask("50 runs of years ago", old, 50);
    ask("an app's newest 50 runs", mine, 50);
    ask("an app's last 100 beginnings", begun, 100);
    ask("the newest 200 rows of drills", drills, 200);
    ask("all of an app's drills", around, UINT64_MAX);
    ask("evidence, of which there is none", rare, 1);
    ask("all runs that ended", ended, UINT64_MAX);
}

static void remove_all(void)
{
    static const char *const endings[] = { "", "-wal", "-shm", ".lock" };
    char name[220];
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
}

int main(int argc, char **argv)
{
    runs = argc > 1 ? strtoull(argv[1], NULL, 10) : runs;
    rows_a_run = argc > 2 ? strtoull(argv[2], NULL, 10) : rows_a_run;
    if (runs == 0 || rows_a_run < 3)
        return 2;
    if (argc > 3)
        snprintf(path, sizeof path, "%s", argv[3]);
    else
        snprintf(path, sizeof path, "/tmp/evac-bench-%d.db", (int)getpid());
    open_store();
    double from = seconds();
    write_all();
    write_quiet();
    printf("{\"runs\":%llu,\"rows\":%llu,\"written_cpu_s\":%.1f}\n", (unsigned long long)runs,
           (unsigned long long)seq, seconds() - from);
    evac_store_close(store);
    from = seconds();
    open_store();
    printf("{\"opened_cpu_ms\":%.1f}\n", (seconds() - from) * 1e3);
    ask_all();
    evac_store_close(store);
    if (argc <= 3)
        remove_all();
    return 0;
}
