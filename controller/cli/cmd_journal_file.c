/* A journal's file, looked at by this command itself: whole or damaged, without a controller. */
#include "cli.h"
#include "jw.h"
#include "sqlite_salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHOWN_MAX 50u /* damaged places that are listed */

struct looked {
    struct evac_cli *cli;
    FILE *out;    /* salvage: where rows are written; NULL: nowhere */
    uint64_t run; /* list: of this run alone; 0: all */
    bool list;
    unsigned shown;
    struct evac_buf places; /* JSON: the damaged ones */
    struct evac_jw w;
};

/* --- a row at a time --- */

static void say_place(struct looked *l, const struct evac_salvaged *what)
{
    if (l->cli->json) {
        evac_jw_open(&l->w, NULL, '{');
        evac_jw_i64(&l->w, "from", (int64_t)what->from);
        evac_jw_i64(&l->w, "to", (int64_t)what->to);
        evac_jw_cstr(&l->w, "problem", what->problem);
        evac_jw_close(&l->w, '}');
    } else if (what->from == what->to) {
        fprintf(stderr, "row %llu: %s\n", (unsigned long long)what->from, what->problem);
    } else {
        fprintf(stderr, "rows %llu to %llu: %s\n", (unsigned long long)what->from,
                (unsigned long long)what->to, what->problem);
    }
}

static void write_row(struct looked *l, const struct evac_salvaged *what)
{
    struct evac_buf line;
    evac_buf_init(&line, 64u << 20);
    evac_row_json(what->row, &line);
    if (what->problem[0] && !line.failed) { /* into the object: whoever reads it must see it */
        line.n--;
        evac_buf_puts(&line, ",\"problem\":");
        evac_buf_json(&line, evac_str(what->problem));
        evac_buf_putc(&line, '}');
    }
    if (l->out && !line.failed)
        fprintf(l->out, "%s\n", line.p);
    cJSON *row = l->list && !line.failed ? cJSON_Parse(line.p) : NULL;
    if (row)
        evac_cli_print_row(l->cli, row);
    cJSON_Delete(row);
    evac_buf_done(&line);
}

static void on_row(void *user, const struct evac_salvaged *what)
{
    struct looked *l = user;
    if (what->problem[0] && l->shown++ < SHOWN_MAX)
        say_place(l, what);
    if (what->row && (!l->run || what->row->record.run == l->run))
        write_row(l, what);
}

/* --- what came of it --- */

static void put_notes(struct looked *l, struct evac_str notes)
{
    evac_jw_open(&l->w, "notes", '[');
    while (notes.n)
        evac_jw_str(&l->w, NULL, evac_str_cut(notes, '\n', &notes));
    evac_jw_close(&l->w, ']');
}

static void say_json(struct looked *l, const struct evac_salvage *s)
{
    evac_jw_close(&l->w, ']');
    evac_jw_bool(&l->w, "good", evac_salvage_is_whole(s));
    evac_jw_i64(&l->w, "rows", (int64_t)s->rows);
    evac_jw_i64(&l->w, "damaged", (int64_t)s->damaged);
    evac_jw_i64(&l->w, "gone", (int64_t)s->gone);
    evac_jw_i64(&l->w, "last", (int64_t)s->last);
    put_notes(l, evac_buf_str(&s->notes));
    evac_jw_close(&l->w, '}');
    puts(l->places.p);
}

/* Behind a list it is no part of the list. */
static void say_words(const struct looked *l, const struct evac_salvage *s)
{
    FILE *to = l->list ? stderr : stdout;
    if (l->shown > SHOWN_MAX)
        fprintf(stderr, "... and %u more places\n", l->shown - SHOWN_MAX);
    fputs(s->notes.n ? s->notes.p : "", stderr);
    if (evac_salvage_is_whole(s))
        fprintf(to, "the journal's chain is whole: %llu rows\n", (unsigned long long)s->rows);
    else
        fprintf(to,
                "DAMAGED: %llu of %llu rows can be read, %llu of them %s not as written, %llu %s "
                "gone\n",
                (unsigned long long)s->rows, (unsigned long long)s->last,
                (unsigned long long)s->damaged, s->damaged == 1 ? "is" : "are",
                (unsigned long long)s->gone, s->gone == 1 ? "is" : "are");
}

static void say_next(const struct evac_cli *cli, const struct evac_salvage *s, bool wrote)
{
    if (evac_salvage_is_whole(s) || cli->json)
        return;
    if (wrote)
        printf("what can be read is in %s, a row a line. ", cli->out);
    else
        printf("'evac journal salvage --journal %s --out FILE' saves what can be read. ",
               cli->journal);
    printf(
        "No controller will act on it as it is. Keep it and what lies beside it. Put a backup in "
        "its place, or begin a new journal and tell it where each app serves: 'evac place'. The "
        "handbook: \"The journal is damaged\"\n");
}

/* --- the command --- */

static FILE *open_out(const struct evac_cli *cli, struct evac_err *err)
{
    int fd = open(cli->out, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!f)
        (void)evac_fail(err, EVAC_E_IO, "%s: %s", cli->out, strerror(errno));
    return f;
}

static enum evac_exit finish(struct looked *l, const struct evac_salvage *s)
{
    bool written = !l->out || (fflush(l->out) == 0 && fsync(fileno(l->out)) == 0);
    if (l->cli->json && !l->list)
        say_json(l, s);
    else if (!l->list || !evac_salvage_is_whole(s))
        say_words(l, s);
    if (!written)
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", l->cli->out, strerror(errno));
    say_next(l->cli, s, l->out != NULL);
    return evac_salvage_is_whole(s) || l->out || l->list ? EVAC_EXIT_DONE : EVAC_EXIT_FAILED;
}

static enum evac_exit look(struct looked *l)
{
    struct evac_salvage s;
    struct evac_err err = { EVAC_OK, "" };
    evac_buf_init(&l->places, 1u << 20);
    l->w = (struct evac_jw){ &l->places, false };
    evac_jw_open(&l->w, NULL, '{');
    evac_jw_open(&l->w, "places", '[');
    enum evac_code code = evac_store_salvage(l->cli->journal, on_row, l, &s, &err);
    enum evac_exit exit = code == EVAC_E_BUSY ? evac_cli_fail(EVAC_EXIT_REFUSED, "%s", err.text)
                          : code              ? evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text)
                                              : finish(l, &s);
    evac_salvage_done(&s);
    evac_buf_done(&l->places);
    return exit;
}

enum evac_exit evac_cli_journal_file(struct evac_cli *cli)
{
    struct looked l = { .cli = cli };
    struct evac_err err = { EVAC_OK, "" };
    const char *verb = cli->argc ? cli->argv[0] : "";
    int64_t run = 0;
    bool salvage = strcmp(verb, "salvage") == 0;
    if (salvage && (!cli->journal || !cli->out))
        return evac_cli_fail(EVAC_EXIT_USAGE, "journal salvage: name the damaged file (--journal) "
                                              "and the file to write (--out)");
    l.list = !salvage && strcmp(verb, "verify") != 0;
    if (l.list && cli->argc && (!evac_str_i64(evac_str(verb), &run) || run <= 0))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "journal --journal FILE: a run's number, verify, or "
                             "salvage; not '%s'",
                             verb);
    l.run = (uint64_t)run;
    if (salvage && !(l.out = open_out(cli, &err)))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    enum evac_exit code = look(&l);
    if (l.out)
        fclose(l.out);
    return code;
}
