/* evac discover: an app's configuration from what carries a tag. It asks the cloud itself, without
 * a controller, and by a host that refuses whatever would change something. */
#include "book.h"
#include "builtin.h"
#include "builtin_runbooks.h"
#include "cli.h"
#include "draft.h"
#include "host_uv.h"
#include "host_wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REGIONS_MAX 8u
#define TEXT_MAX    (8u << 20)
#define DEADLINE_MS 120000u

struct discovery {
    struct evac_cli *cli;
    struct evac_arena *arena;
    struct evac_query query;
    struct evac_str regions[REGIONS_MAX];
    uv_loop_t loop;
    struct evac_host host, look; /* look: without any mutating transport */
    struct evac_book *book;
    enum evac_exit code;
};

/* --- what is asked --------------------------------------------------------------------------- */

static bool is_name(struct evac_str s)
{
    bool good = s.n > 0 && s.n <= 64;
    for (size_t i = 0; good && i < s.n; i++)
        good = (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= 'A' && s.p[i] <= 'Z') ||
               (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '-' || s.p[i] == '_';
    return good;
}

static bool is_asked(const struct discovery *d, struct evac_str region)
{
    for (size_t i = 0; i < d->query.region_count; i++)
        if (evac_str_eq(d->regions[i], region))
            return true;
    return false;
}

static enum evac_exit read_regions(struct discovery *d)
{
    struct evac_str rest = evac_str(d->cli->regions);
    while (rest.n) {
        struct evac_str region = evac_str_trim(evac_str_cut(rest, ',', &rest));
        if (!is_name(region) || is_asked(d, region) || d->query.region_count == REGIONS_MAX)
            return evac_cli_fail(EVAC_EXIT_USAGE,
                                 "discover: --regions: 2 to %u regions, each once, with commas",
                                 REGIONS_MAX);
        d->regions[d->query.region_count++] = evac_arena_str(d->arena, region);
    }
    if (d->query.region_count < 2)
        return evac_cli_fail(EVAC_EXIT_USAGE, "discover: name the regions: --regions R,R");
    d->query.regions = d->regions;
    return EVAC_EXIT_DONE;
}

static enum evac_exit read_query(struct discovery *d)
{
    struct evac_cli *cli = d->cli;
    enum evac_strategy strategy;
    struct evac_str tag = evac_str(cli->tag);
    d->query.tag = evac_str_cut(tag, '=', &d->query.value);
    d->query.app = cli->name ? evac_str(cli->name) : d->query.value;
    if (cli->argc || !d->query.tag.n || !d->query.value.n)
        return evac_cli_fail(EVAC_EXIT_USAGE, "discover: name the tag: --tag KEY=VALUE");
    if (!is_name(d->query.app))
        return evac_cli_fail(EVAC_EXIT_USAGE,
                             "discover: '%.*s' is no app's name (letters, digits, '-' and '_', at "
                             "most 64): --name NAME",
                             EVAC_STR_ARG(d->query.app));
    if (cli->strategy && (!evac_strategy_parse(evac_str(cli->strategy), &strategy) ||
                          strategy == EVAC_STRATEGY_GROUP))
        return evac_cli_fail(EVAC_EXIT_USAGE, "discover: --strategy backup-restore, pilot-light, "
                                              "warm-standby or active-active");
    return read_regions(d);
}

/* --- what is told ---------------------------------------------------------------------------- */

static FILE *lines_to(const struct evac_cli *cli)
{
    return cli->out && !cli->json ? stdout : stderr;
}

static void print_items(const struct evac_draft *draft, FILE *to)
{
    for (size_t i = 0; i < draft->item_count; i++) {
        const struct evac_draft_item *item = &draft->items[i];
        fprintf(to, "%-6s  %-24.*s %-18.*s", draft_item_is_whole(item) ? "found" : "part",
                EVAC_STR_ARG(item->name), EVAC_STR_ARG(item->found->type));
        for (size_t k = 0; k < item->found->side_count; k++) {
            const struct evac_found_side *side = &item->found->sides[k];
            fprintf(to, "%s%.*s", k ? ", " : " ", EVAC_STR_ARG(side->region));
            if (side->runs >= 0)
                fprintf(to, " (%lld)", (long long)side->runs);
            fputs(side->writes ? " (takes writes)" : "", to);
        }
        fputc('\n', to);
    }
}

static void print_draft(const struct evac_cli *cli, const struct evac_draft *draft)
{
    FILE *to = lines_to(cli);
    print_items(draft, to);
    fprintf(to, "active  %.*s: %.*s\n", EVAC_STR_ARG(draft->active),
            EVAC_STR_ARG(draft->active_why));
    for (size_t i = 0; i < draft->ask_count; i++)
        fprintf(to, "ask     %.*s\n", EVAC_STR_ARG(draft->asks[i]));
    if (!draft->good)
        fprintf(to, "%.*s", EVAC_STR_ARG(draft->problems));
}

static enum evac_exit write_file(const struct evac_cli *cli, struct evac_str text)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (cli->yes ? O_TRUNC : O_EXCL);
    int fd = open(cli->out, flags, 0644);
    if (fd < 0 && errno == EEXIST)
        return evac_cli_fail(EVAC_EXIT_REFUSED, "%s is there already; --yes writes it anew",
                             cli->out);
    if (fd < 0)
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s", cli->out, strerror(errno));
    FILE *file = fdopen(fd, "w");
    bool good = file && fwrite(text.p, 1, text.n, file) == text.n;
    if (!file)
        (void)close(fd);
    else if (fclose(file) != 0)
        good = false;
    return good ? EVAC_EXIT_DONE
                : evac_cli_fail(EVAC_EXIT_FAILED, "%s: it could not be written", cli->out);
}

static enum evac_exit put_draft(struct discovery *d, const struct evac_draft *draft)
{
    struct evac_cli *cli = d->cli;
    struct evac_buf json;
    struct evac_jw w = { &json, false };
    enum evac_exit code = cli->out ? write_file(cli, draft->text) : EVAC_EXIT_DONE;
    if (code)
        return code;
    evac_buf_init(&json, TEXT_MAX);
    if (cli->json) {
        evac_draft_to_json(draft, &w);
        printf("%s\n", json.p);
    } else {
        print_draft(cli, draft);
        if (cli->out)
            printf("wrote   %s: %zu resources, %zu questions\n", cli->out, draft->whole_count,
                   draft->ask_count);
        else
            printf("%.*s", EVAC_STR_ARG(draft->text));
    }
    evac_buf_done(&json);
    return EVAC_EXIT_DONE;
}

static enum evac_exit tell(struct discovery *d, const struct evac_findings *found)
{
    const struct evac_draft_request request = { .query = &d->query,
                                                .findings = found,
                                                .catalog = evac_builtin_catalog(),
                                                .runbooks = evac_builtin_runbooks,
                                                .runbook_count = evac_builtin_runbook_count,
                                                .strategy = evac_str(d->cli->strategy) };
    struct evac_draft draft;
    if (found->regions_answered == 0 || found->found_count == 0) {
        for (size_t i = 0; i < found->silent_count; i++)
            (void)evac_cli_fail(EVAC_EXIT_FAILED, "not answered: %.*s",
                                EVAC_STR_ARG(evac_draft_line(d->arena, found->silent[i])));
        return evac_cli_fail(EVAC_EXIT_FAILED, found->regions_answered
                                                   ? "nothing carries that tag"
                                                   : "no region told what carries that tag");
    }
    evac_draft_make(&request, d->arena, &draft);
    enum evac_exit code = put_draft(d, &draft);
    if (!code && !draft.good)
        return evac_cli_fail(EVAC_EXIT_FAILED, "what was written does not pass the check yet");
    if (!code && d->cli->strict && found->silent_count)
        return evac_cli_fail(EVAC_EXIT_FAILED, "not everything was answered");
    return code;
}

/* --- the way there --------------------------------------------------------------------------- */

static void said(void *user, struct evac_str line)
{
    (void)user;
    fprintf(stderr, "evac: %.*s\n", EVAC_STR_ARG(line));
}

static void done(void *user, const struct evac_findings *found)
{
    struct discovery *d = user;
    d->code = tell(d, found);
    uv_stop(&d->loop);
}

static enum evac_code begin(struct discovery *d, const struct evac_model *model,
                            struct evac_err *err)
{
    static const struct evac_args none = { NULL, 0 };
    const struct evac_host_uv_options options = {
        .resolver = model ? evac_arena_str(d->arena, model->controller.resolver).p : NULL
    };
    enum evac_code code = evac_host_uv_new(&d->loop, &options, &d->host, err);
    if (code)
        return code;
    d->look = evac_host_readonly(&d->host);
    d->query.deadline_ms = d->look.now_ms(d->look.ctx) + DEADLINE_MS;
    code = evac_book_open(evac_builtin_catalog(), &d->look,
                          model ? &model->controller.packs : &none, &d->book, err);
    return code ? code : evac_book_discover(d->book, &d->query, said, done, d, err);
}

/* Drivers give back what they were lent before the host goes, and the loop runs until it has. */
static enum evac_exit look(struct discovery *d, const struct evac_model *model)
{
    struct evac_err err = { EVAC_OK, "" };
    if (uv_loop_init(&d->loop))
        return evac_cli_fail(EVAC_EXIT_FAILED, "no event loop");
    if (begin(d, model, &err))
        d->code = evac_cli_fail(EVAC_EXIT_FAILED, "%s", err.text);
    else
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    evac_book_close(d->book);
    evac_host_uv_close(&d->host);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d->loop);
    return d->code;
}

/* The packs' settings and the resolver of --config; without it, all is as the environment says. */
static enum evac_exit look_with(struct discovery *d)
{
    struct evac_diag diag = { .arena = d->arena };
    struct evac_model *model = NULL;
    struct evac_err err = { EVAC_OK, "" };
    const char *dir = d->cli->config;
    if (dir && evac_builtin_conf_load(dir, &diag, &model, &err))
        return evac_cli_fail(EVAC_EXIT_FAILED, "%s: %s; 'evac validate %s' shows it", dir, err.text,
                             dir);
    enum evac_exit code = look(d, model);
    evac_model_free(model);
    return code;
}

enum evac_exit evac_cmd_discover(struct evac_cli *cli)
{
    struct discovery d = { .cli = cli, .arena = evac_arena_new() };
    enum evac_exit code = read_query(&d);
    if (!code && cli->out && !cli->yes && access(cli->out, F_OK) == 0)
        code =
            evac_cli_fail(EVAC_EXIT_REFUSED, "%s is there already; --yes writes it anew", cli->out);
    if (!code)
        code = look_with(&d);
    evac_arena_free(d.arena);
    return code;
}
