/*
 * RDS Data API: the few statements that a canary needs, on the clusters of model_rds. One table,
 * one row a source region; what a reader sees is the writer's history up to what has arrived.
 * Tables are there for all regions as soon as they are created. An old primary that is cut off
 * takes writes, and they are lost when it is told who the writer is: they are not kept at all here.
 *
 *     make rds-data us-east-1 {"cluster":"shop-db-use1","table":"evac_canary"}
 */
#include "rds_internal.h"
#include "sandbox_docs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX   32u
#define TABLES_MAX 16u
#define KEPT       256u /* versions of a row: more than the longest lag needs */

struct version {
    uint64_t ms;
    int64_t marker;
};

struct row {
    char store[64], table[64], source[64];
    struct version versions[KEPT]; /* oldest first */
    size_t count;
};

struct rdsdata {
    struct row rows[ROWS_MAX];
    size_t row_count;
    struct {
        char store[64], name[64];
    } tables[TABLES_MAX];
    size_t table_count;
};

static void *create(struct evac_sandbox *sb)
{
    struct rdsdata *d = malloc(sizeof *d); /* rows and tables are set when they are added */
    (void)sb;
    if (!d)
        abort();
    d->row_count = d->table_count = 0;
    return d;
}

static struct rdsdata *state(const struct evac_sandbox *sb)
{
    return sb->state[SB_RDSDATA];
}

/* --- what is there --------------------------------------------------------------------------- */

static bool has_table(const struct rdsdata *d, const char *store, const char *name)
{
    for (size_t i = 0; i < d->table_count; i++)
        if (strcmp(d->tables[i].store, store) == 0 && strcmp(d->tables[i].name, name) == 0)
            return true;
    return false;
}

static struct row *find_row(struct rdsdata *d, const char *store, const char *table,
                            struct evac_str source)
{
    for (size_t i = 0; i < d->row_count; i++)
        if (strcmp(d->rows[i].store, store) == 0 && strcmp(d->rows[i].table, table) == 0 &&
            evac_str_is(source, d->rows[i].source))
            return &d->rows[i];
    return NULL;
}

static void put_version(struct row *row, uint64_t ms, int64_t marker)
{
    if (row->count == KEPT)
        memmove(row->versions, row->versions + 1, --row->count * sizeof row->versions[0]);
    row->versions[row->count++] = (struct version){ ms, marker };
}

/* As of an instant; NULL: it was not there yet. */
static const struct version *as_of(const struct row *row, uint64_t ms)
{
    const struct version *v = NULL;
    for (size_t i = 0; row && i < row->count && row->versions[i].ms <= ms; i++)
        v = &row->versions[i];
    return v;
}

void sb_rdsdata_cut(struct evac_sandbox *sb, const char *store, uint64_t ms)
{
    struct rdsdata *d = state(sb);
    for (size_t i = 0; i < d->row_count; i++) {
        struct row *row = &d->rows[i];
        while (strcmp(row->store, store) == 0 && row->count &&
               row->versions[row->count - 1].ms > ms)
            row->count--;
    }
}

/* --- statements ------------------------------------------------------------------------------ */

struct statement {
    struct sb_call *c;
    struct sb_rds_store store;
    char table[64];
    struct evac_str source;
    int64_t marker;
};

/* A parameter by its name: {"name":"marker","value":{"longValue":7}}. */
static struct evac_str parameter(const struct sb_call *c, const char *name, const char *type)
{
    for (int i = 1; sb_has(c, "parameters.%d.name", i); i++)
        if (evac_str_is(sb_in(c, "parameters.%d.name", i), name))
            return sb_in(c, "parameters.%d.value.%s", i, type);
    return EVAC_STR_NONE;
}

static bool is_blank(char x)
{
    return x == ' ' || x == '\n' || x == '\t' || x == '(' || x == ';';
}

static struct evac_str word(struct evac_str text, struct evac_str *ret_rest)
{
    size_t from = 0, to;
    while (from < text.n && is_blank(text.p[from]))
        from++;
    for (to = from; to < text.n && !is_blank(text.p[to]);)
        to++;
    *ret_rest = (struct evac_str){ text.p + to, text.n - to };
    return (struct evac_str){ text.p + from, to - from };
}

static bool is_word(struct evac_str a, const char *b)
{
    return a.n == strlen(b) && strncasecmp(a.p, b, a.n) == 0;
}

/* The table's name stands after this word; quotes and a schema are not understood. */
static bool read_table(struct statement *s, struct evac_str sql, const char *after)
{
    while (sql.n && !is_word(word(sql, &sql), after))
        continue;
    struct evac_str name = word(sql, &sql);
    if (is_word(name, "if")) { /* CREATE TABLE IF NOT EXISTS */
        (void)word(sql, &sql);
        (void)word(sql, &sql);
        name = word(sql, &sql);
    }
    return name.n && evac_str_copy(s->table, sizeof s->table, name);
}

static void database_error(struct statement *s, const char *text, const char *state_code)
{
    sb_error(s->c, 400, "DatabaseErrorException", "ERROR: %s; SQLState: %s", text, state_code);
}

static bool may_write(struct statement *s)
{
    if (s->store.writes)
        return true;
    database_error(s, "cannot execute this in a read-only transaction", "25006");
    return false;
}

static bool knows_table(struct statement *s)
{
    if (has_table(state(s->c->sb), s->store.name, s->table))
        return true;
    database_error(s, "relation does not exist", "42P01");
    return false;
}

static void updated(struct statement *s, int rows)
{
    evac_buf_putf(&s->c->out, "{\"generatedFields\":[],\"numberOfRecordsUpdated\":%d}", rows);
}

/* True: it is there now. */
static bool add_table(struct rdsdata *d, const char *store, const char *name)
{
    if (has_table(d, store, name))
        return true;
    if (d->table_count == TABLES_MAX)
        return false;
    (void)snprintf(d->tables[d->table_count].store, 64, "%s", store);
    (void)snprintf(d->tables[d->table_count++].name, 64, "%s", name);
    return true;
}

static void create_table(struct statement *s)
{
    if (!may_write(s))
        return;
    if (!add_table(state(s->c->sb), s->store.name, s->table)) {
        database_error(s, "too many tables", "53000");
        return;
    }
    sb_effect(s->c);
    updated(s, 0);
}

static void insert(struct statement *s)
{
    struct rdsdata *d = state(s->c->sb);
    if (!may_write(s) || !knows_table(s))
        return;
    struct row *row = find_row(d, s->store.name, s->table, s->source);
    if (row && row->count) {
        database_error(s, "duplicate key value violates unique constraint", "23505");
        return;
    }
    if (!row && d->row_count == ROWS_MAX) {
        database_error(s, "too many rows", "53000");
        return;
    }
    if (!row) {
        row = &d->rows[d->row_count++];
        *row = (struct row){ .count = 0 };
        (void)snprintf(row->store, sizeof row->store, "%s", s->store.name);
        (void)snprintf(row->table, sizeof row->table, "%s", s->table);
        (void)evac_str_copy(row->source, sizeof row->source, s->source);
    }
    put_version(row, s->c->sb->now_ms, s->marker);
    sb_effect(s->c);
    updated(s, 1);
}

/* ... WHERE source = :source AND :marker > marker */
static void update(struct statement *s)
{
    if (!may_write(s) || !knows_table(s))
        return;
    struct row *row = find_row(state(s->c->sb), s->store.name, s->table, s->source);
    const struct version *newest = row ? as_of(row, UINT64_MAX) : NULL;
    if (!newest || newest->marker >= s->marker) {
        updated(s, 0);
        return;
    }
    put_version(row, s->c->sb->now_ms, s->marker);
    sb_effect(s->c);
    updated(s, 1);
}

static void select_marker(struct statement *s)
{
    if (!knows_table(s))
        return;
    const struct row *row = find_row(state(s->c->sb), s->store.name, s->table, s->source);
    const struct version *v = as_of(row, s->store.until_ms);
    evac_buf_puts(&s->c->out, "{\"numberOfRecordsUpdated\":0,\"records\":[");
    if (v)
        evac_buf_putf(&s->c->out, "[{\"longValue\":%lld}]", (long long)v->marker);
    evac_buf_puts(&s->c->out, "]}");
}

static const struct {
    const char *verb, *before_table;
    void (*run)(struct statement *s);
} verbs[] = {
    { "create", "table", create_table },
    { "insert", "into", insert },
    { "update", "update", update },
    { "select", "from", select_marker },
};

static void run(struct statement *s)
{
    struct evac_str sql = sb_in(s->c, "sql"), rest, verb = word(sql, &rest);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (is_word(verb, verbs[i].verb) && read_table(s, sql, verbs[i].before_table)) {
            verbs[i].run(s);
            return;
        }
    database_error(s, "syntax error: the sandbox knows a canary's statements only", "42601");
}

/* --- the call -------------------------------------------------------------------------------- */

/* arn:aws:secretsmanager:R:A:secret:name-AbCdEf */
static bool has_secret(const struct sb_call *c)
{
    struct evac_str arn = sb_in(c, "secretArn");
    const struct sb_doc *s = NULL;
    while ((s = sb_doc_next(c->sb, SB_SECRETSMANAGER, c->region, "secret", s)))
        if (evac_str_eq(sb_doc_text(s, "ARN"), arn))
            return true;
    return false;
}

static void execute(struct sb_call *c)
{
    struct statement s = { .c = c };
    struct evac_str arn = sb_in(c, "resourceArn"), id = arn, rest;
    while (evac_str_has(id, ":")) {
        (void)evac_str_cut(id, ':', &rest);
        id = rest;
    }
    if (!evac_str_starts(arn, "arn:aws:rds:") ||
        !evac_str_is(evac_aws_arn_region(arn), sb_region_name(c->sb, c->region)) ||
        !sb_rds_store(c->sb, c->region, id, &s.store)) {
        sb_error(c, 400, "BadRequestException",
                 "HttpEndpoint is not enabled for this resource, or it does not exist");
        return;
    }
    if (!has_secret(c)) {
        sb_error(c, 400, "BadRequestException", "Error fetching secret %.*s",
                 EVAC_STR_ARG(sb_in(c, "secretArn")));
        return;
    }
    if (!s.store.runs) {
        sb_error(c, 504, "DatabaseUnavailableException", "The writer instance is not available");
        return;
    }
    s.source = parameter(c, "source", "stringValue");
    (void)evac_str_i64(parameter(c, "marker", "longValue"), &s.marker);
    run(&s);
}

static enum evac_code make(struct evac_sandbox *sb, size_t region, const struct evac_json *json,
                           struct evac_err *err)
{
    struct sb_rds_store store;
    char table[64];
    if (!sb_rds_store(sb, region, evac_json_str(json, "cluster"), &store))
        return evac_fail(err, EVAC_E_NOTFOUND, "there is no such Aurora cluster");
    if (!evac_str_copy(table, sizeof table, evac_json_str(json, "table")) || !table[0] ||
        !add_table(state(sb), store.name, table))
        return evac_fail(err, EVAC_E_BADARG, "a table needs a name of at most 63 characters");
    return EVAC_OK;
}

/* clang-format off */
static const struct sb_operation operations[] = {
    /* reads and writes alike: never answered from the past, and not counted among the changes */
    { "ExecuteStatement", execute, SB_STRONG, "POST", "/Execute",
      .takes = "resourceArn! secretArn! sql! database parameters formatRecordsAs includeResultMetadata continueAfterTimeout" },
    { 0 },
};
/* clang-format on */

const struct sb_service sb_service_rdsdata = { .signing_name = "rds-data",
                                               .row = "rds-data",
                                               .operations = operations,
                                               .create = create,
                                               .make = make,
                                               .destroy = free };
