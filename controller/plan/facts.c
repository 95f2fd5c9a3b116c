/* Facts: read by the configuration's own reader, so that a slip is told with its line. */
#include "facts.h"

#include "conf_read.h"

#include <string.h>

#define X(name, text) text,
static const char *const verdicts[] = { EVAC_LINT_VERDICTS(X) NULL };
#undef X

const char *evac_lint_verdict_name(enum evac_lint_verdict v)
{
    return verdicts[v];
}

/* --- the format
 * --------------------------------------------------------------------------------------------- */

#define AT(field)      .offset = offsetof(S, field), .bytes = sizeof(((S *)0)->field)
#define COUNTED(field) .count_offset = offsetof(S, field)
#define UP_TO(high)    .min = 0, .max = (high)
#define END                                                                                        \
    {                                                                                              \
        .path = NULL                                                                               \
    }

static conf_finish_fn finish_facts;

/* clang-format off */
#define S struct evac_fact_partition
static const struct conf_row partition_rows[] = {
    { "name", CONF_NAME, CONF_REQUIRED, AT(name), .doc = "What home and needs call it" },
    { "prefix", CONF_TEXT, CONF_REQUIRED, AT(prefix), .doc = "Of its regions' names" },
    END
};
static const struct conf_section partition_section = { "partition", .rows = partition_rows, .bytes = sizeof(S), .name_offset = offsetof(S, name) };
#undef S

#define S struct evac_fact_plane
static const struct conf_row plane_rows[] = {
    { "service", CONF_NAME, CONF_REQUIRED, AT(service), .doc = "As the drivers' tables name it" },
    { "operations", CONF_TEXT, CONF_REQUIRED | CONF_LIST, AT(operations), COUNTED(operation_count), .min = 1, .max = 100, .doc = "Names; '*' stands for anything" },
    { "home", CONF_ARGS, AT(home), .doc = "Region of the control plane, by partition" },
    { "needs", CONF_ARGS, AT(needs), .doc = "Region that a regional call needs as well, by partition" },
    { "because", CONF_TEXT, AT(because), .doc = "What it needs there" },
    { "provisions", CONF_BOOL, AT(provisions), .fallback = "false", .doc = "It makes something" },
    { "works", CONF_TEXT, AT(works), .doc = "What goes on working" },
    { "alternative", CONF_TEXT, CONF_REQUIRED, AT(alternative), .doc = "What does the same without it" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section plane_section = { "plane", .rows = plane_rows, .bytes = sizeof(S), .name_offset = CONF_NOWHERE };
#undef S

#define S struct evac_fact_endpoint
static const struct conf_row endpoint_rows[] = {
    { "host", CONF_TEXT, CONF_REQUIRED, AT(host), .doc = "A host's name" },
    { "home", CONF_ARGS, CONF_REQUIRED, AT(home), .doc = "Region that serves it, by partition" },
    { "alternative", CONF_TEXT, CONF_REQUIRED, AT(alternative), .doc = "What to name instead" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section endpoint_section = { "endpoint", .rows = endpoint_rows, .bytes = sizeof(S), .name_offset = offsetof(S, host) };
#undef S

#define S struct evac_fact_setting
static const struct conf_row setting_rows[] = {
    { "name", CONF_TEXT, CONF_REQUIRED, AT(name), .doc = "pack.setting; '*' stands for anything" },
    { "verdict", CONF_CHOICE, CONF_REQUIRED, AT(verdict), .choices = verdicts, .doc = "When it names the region that is gone" },
    { "problem", CONF_TEXT, CONF_REQUIRED, AT(problem), .doc = "What that means" },
    { "alternative", CONF_TEXT, CONF_REQUIRED, AT(alternative), .doc = "What to set instead" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section setting_section = { "setting", .rows = setting_rows, .bytes = sizeof(S), .name_offset = offsetof(S, name) };
#undef S

#define S struct evac_fact_limit
static const struct conf_row limit_rows[] = {
    { "service", CONF_TEXT, CONF_REQUIRED, AT(service), .doc = "As the drivers' tables name it; '*' any" },
    { "operations", CONF_TEXT, CONF_REQUIRED | CONF_LIST, AT(operations), COUNTED(operation_count), .min = 1, .max = 100, .doc = "Names; '*' stands for anything" },
    { "everywhere", CONF_BOOL, AT(everywhere), .fallback = "false", .doc = "One for the account, not one for each of its regions" },
    { "budget", CONF_BOOL, AT(budget), .fallback = "false", .doc = "What evac allows itself, not what the service takes" },
    { "rate", CONF_TEXT, CONF_REQUIRED, AT(rate), .doc = "Calls a second, as \"0.5\"" },
    { "burst", CONF_INT, CONF_REQUIRED, AT(burst), .min = 1, .max = 100000, .doc = "Calls at once" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section limit_section = { "limit", .rows = limit_rows, .bytes = sizeof(S), .name_offset = CONF_NOWHERE };
#undef S

#define S struct evac_fact_batch
static const struct conf_row batch_rows[] = {
    { "service", CONF_TEXT, CONF_REQUIRED, AT(service), .doc = "As the drivers' tables name it" },
    { "operations", CONF_TEXT, CONF_REQUIRED | CONF_LIST, AT(operations), COUNTED(operation_count), .min = 1, .max = 100, .doc = "Names; '*' stands for anything" },
    { "by", CONF_TEXT, CONF_REQUIRED, AT(by), .doc = "The setting whose value says what goes into one call" },
    { "values", CONF_TEXT, CONF_LIST, AT(values), COUNTED(value_count), .max = 100, .doc = "Settings whose characters are counted" },
    { "records", CONF_INT, CONF_REQUIRED, AT(records), .min = 1, .max = 1000000, .doc = "Of one call" },
    { "characters", CONF_INT, AT(characters), .fallback = "100000000", .min = 1, .max = 100000000, .doc = "Of one call" },
    { "counts", CONF_INT, AT(counts), .fallback = "1", .min = 1, .max = 10, .doc = "Each record, and each character, counts so often" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section batch_section = { "batch", .rows = batch_rows, .bytes = sizeof(S), .name_offset = CONF_NOWHERE };
#undef S

#define S struct evac_fact_price
static const struct conf_row price_rows[] = {
    { "unit", CONF_TEXT, CONF_REQUIRED, AT(unit), .doc = "As drivers say it" },
    { "price", CONF_TEXT, CONF_REQUIRED, AT(price), .doc = "Of one, an hour, as \"0.04048\"" },
    { "source", CONF_NAME, CONF_REQUIRED, AT(source), .doc = "One of sources" },
    END
};
static const struct conf_section price_section = { "price", .rows = price_rows, .bytes = sizeof(S), .name_offset = offsetof(S, unit) };
#undef S

#define S struct evac_facts
static const struct conf_row facts_rows[] = {
    { "date", CONF_TEXT, CONF_REQUIRED, AT(date), .doc = "The state of the oldest source, as 2026-11-21" },
    { "sources", CONF_ARGS, AT(sources), .doc = "Pages, by name" },
    { "partitions", CONF_SECTION, CONF_LIST, AT(partitions), COUNTED(partition_count), UP_TO(100), .section = &partition_section, .doc = "Groups of regions with homes of their own" },
    { "planes", CONF_SECTION, CONF_LIST, AT(planes), COUNTED(plane_count), UP_TO(1000), .section = &plane_section, .doc = "Operations" },
    { "endpoints", CONF_SECTION, CONF_LIST, AT(endpoints), COUNTED(endpoint_count), UP_TO(1000), .section = &endpoint_section, .doc = "Hosts" },
    { "settings", CONF_SECTION, CONF_LIST, AT(settings), COUNTED(setting_count), UP_TO(1000), .section = &setting_section, .doc = "Settings of packs" },
    { "limits", CONF_SECTION, CONF_LIST, AT(limits), COUNTED(limit_count), UP_TO(1000), .section = &limit_section, .doc = "How many calls services take" },
    { "batches", CONF_SECTION, CONF_LIST, AT(batches), COUNTED(batch_count), UP_TO(100), .section = &batch_section, .doc = "Changes, or looks, of several that are one call" },
    { "currency", CONF_TEXT, AT(currency), .doc = "Of the prices" },
    { "priced_in", CONF_TEXT, AT(priced_in), .doc = "The region that they hold for" },
    { "prices", CONF_SECTION, CONF_LIST, AT(prices), COUNTED(price_count), UP_TO(5000), .section = &price_section, .doc = "What things cost by the hour" },
    END
};
static const struct conf_section facts_section = { "facts", .rows = facts_rows, .bytes = sizeof(S), .name_offset = CONF_NOWHERE, .finish = finish_facts };
#undef S
/* clang-format on */

/* A source's name becomes its address. */
static void resolve(struct conf_reader *r, const struct evac_facts *f, int line,
                    struct evac_str *source)
{
    struct evac_str page = evac_args_get(&f->sources, source->n ? source->p : "");
    if (source->n && page.n == 0)
        CONF_ERROR(r, line, "there is no source \"%.*s\"", EVAC_STR_ARG(*source));
    *source = page;
}

static bool is_partition(const struct evac_facts *f, struct evac_str name)
{
    for (size_t i = 0; i < f->partition_count; i++)
        if (evac_str_eq(f->partitions[i].name, name))
            return true;
    return false;
}

static void check_regions(struct conf_reader *r, const struct evac_facts *f, int line,
                          const struct evac_args *regions)
{
    for (size_t i = 0; i < regions->count; i++)
        if (!is_partition(f, regions->items[i].name))
            CONF_ERROR(r, line, "there is no partition \"%.*s\"",
                       EVAC_STR_ARG(regions->items[i].name));
}

/* "0.04048" to millionths; none is below nothing. */
static bool to_micros(struct evac_str text, int64_t *ret_micros)
{
    struct evac_str part, whole = evac_str_cut(text, '.', &part);
    int64_t units = 0, micros = 0;
    if (!evac_str_i64(whole, &units) || units < 0 || units > 1000000 || part.n > 6 ||
        (part.n && !(part.p[0] >= '0' && part.p[0] <= '9' && evac_str_i64(part, &micros))))
        return false;
    for (size_t i = part.n; i < 6; i++)
        micros *= 10;
    *ret_micros = units * 1000000 + micros;
    return true;
}

static void check_price(struct conf_reader *r, const struct evac_facts *f,
                        struct evac_fact_price *p)
{
    resolve(r, f, p->place.line, &p->source);
    if (p->price.n && !to_micros(p->price, &p->micros))
        CONF_ERROR(
            r, p->place.line,
            "price: found \"%.*s\"; allowed: a number such as \"0.04048\", with six decimals "
            "at most",
            EVAC_STR_ARG(p->price));
}

static void check_limit(struct conf_reader *r, const struct evac_facts *f,
                        struct evac_fact_limit *l)
{
    resolve(r, f, l->place.line, &l->source);
    if (l->rate.n && (!to_micros(l->rate, &l->rate_micros) || l->rate_micros == 0))
        CONF_ERROR(r, l->place.line,
                   "rate: found \"%.*s\"; allowed: calls a second, such as \"0.5\"",
                   EVAC_STR_ARG(l->rate));
}

static void finish_facts(struct conf_reader *r, const config_setting_t *group, void *at,
                         const struct conf_given *given)
{
    struct evac_facts *f = at;
    int64_t day;
    (void)group, (void)given;
    if (f->date.n && !evac_facts_day(f->date, &day))
        CONF_ERROR(r, f->place.line, "date: found \"%.*s\"; allowed: a day such as 2026-11-21",
                   EVAC_STR_ARG(f->date));
    for (size_t i = 0; i < f->plane_count; i++) {
        resolve(r, f, f->planes[i].place.line, &f->planes[i].source);
        check_regions(r, f, f->planes[i].place.line, &f->planes[i].home);
        check_regions(r, f, f->planes[i].place.line, &f->planes[i].needs);
    }
    for (size_t i = 0; i < f->endpoint_count; i++) {
        resolve(r, f, f->endpoints[i].place.line, &f->endpoints[i].source);
        check_regions(r, f, f->endpoints[i].place.line, &f->endpoints[i].home);
    }
    for (size_t i = 0; i < f->setting_count; i++)
        resolve(r, f, f->settings[i].place.line, &f->settings[i].source);
    for (size_t i = 0; i < f->limit_count; i++)
        check_limit(r, f, &f->limits[i]);
    for (size_t i = 0; i < f->batch_count; i++)
        resolve(r, f, f->batches[i].place.line, &f->batches[i].source);
    for (size_t i = 0; i < f->price_count; i++)
        check_price(r, f, &f->prices[i]);
    if (f->price_count && (f->currency.n == 0 || f->priced_in.n == 0))
        CONF_ERROR(r, f->place.line,
                   "prices need a currency and a region that they hold for "
                   "(currency, priced_in)");
}

static struct evac_facts *parse_one(const struct evac_conf_text *text, struct evac_diag *diag)
{
    struct evac_facts *facts = evac_arena_alloc(diag->arena, sizeof *facts);
    struct conf_reader r = { diag->arena, diag, evac_arena_dup(diag->arena, text->name) };
    config_t config;
    if (conf_parse_text(&r, text->text, &config))
        conf_read_section(&r, &facts_section, config_root_setting(&config), facts);
    config_destroy(&config);
    return facts;
}

enum evac_code evac_facts_parse(const struct evac_conf_text *texts, size_t count,
                                struct evac_diag *diag, const struct evac_facts **ret_facts,
                                struct evac_err *err)
{
    size_t errors = diag->errors;
    const struct evac_facts *first = NULL;
    for (size_t i = count; i-- > 0;) {
        struct evac_facts *facts = parse_one(&texts[i], diag);
        facts->next = first;
        first = facts;
    }
    *ret_facts = diag->errors == errors ? first : NULL;
    if (diag->errors == errors)
        return EVAC_OK;
    return evac_fail(err, EVAC_E_BADCONF, "the facts have %zu error%s", diag->errors - errors,
                     diag->errors - errors == 1 ? "" : "s");
}

#define FILES_MAX 4u

enum evac_code evac_facts_load(const struct evac_conf_text *texts, size_t count,
                               const char *const *paths, size_t path_count, struct evac_diag *diag,
                               const struct evac_facts **ret_facts, struct evac_err *err)
{
    struct evac_conf_text *all = evac_arena_array(diag->arena, count + path_count, sizeof *all);
    struct evac_buf files[FILES_MAX];
    enum evac_code code = EVAC_OK;
    size_t n = 0;
    *ret_facts = NULL;
    for (size_t i = 0; i < count; i++)
        all[i] = texts[i];
    for (; n < path_count && n < FILES_MAX && !code; n++) {
        evac_buf_init(&files[n], CONF_FILE_BYTES_MAX);
        struct evac_err why = { EVAC_OK, "" };
        code = evac_conf_read_file(paths[n], &files[n], &why);
        all[count + n] = (struct evac_conf_text){ paths[n], evac_buf_str(&files[n]) };
        if (code)
            evac_diag_add(diag, EVAC_DIAG_ERROR, (struct evac_place){ paths[n], 0 }, "%s",
                          why.text);
        if (code)
            (void)evac_fail(err, code, "%s: %s", paths[n], why.text);
    }
    if (!code)
        code = evac_facts_parse(all, count + n, diag, ret_facts, err);
    while (n > 0)
        evac_buf_done(&files[--n]);
    return code;
}

/* --- asking
 * -------------------------------------------------------------------------------------------------
 */

bool evac_facts_fits(struct evac_str pattern, struct evac_str text)
{
    size_t star = pattern.n, mark = 0, p = 0, t = 0;
    while (t < text.n) { /* the last star gives way, one byte at a time */
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && pattern.p[p] == text.p[t]) {
            p++;
            t++;
        } else if (star < pattern.n) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool fits(const struct evac_fact_plane *plane, const char *service, const char *operation)
{
    if (!evac_str_is(plane->service, service))
        return false;
    for (size_t i = 0; i < plane->operation_count; i++)
        if (evac_facts_fits(plane->operations[i], evac_str(operation)))
            return true;
    return false;
}

const struct evac_fact_plane *evac_facts_find(const struct evac_facts *facts, const char *service,
                                              const char *operation)
{
    for (; facts; facts = facts->next)
        for (size_t i = 0; i < facts->plane_count; i++)
            if (fits(&facts->planes[i], service, operation))
                return &facts->planes[i];
    return NULL;
}

const struct evac_fact_price *evac_facts_price(const struct evac_facts *facts, const char *unit,
                                               const struct evac_facts **ret_of)
{
    const struct evac_fact_price *price = NULL;
    for (; facts; facts = facts->next)
        for (size_t i = 0; i < facts->price_count; i++)
            if (evac_str_is(facts->prices[i].unit, unit)) {
                price = &facts->prices[i];
                *ret_of = facts;
            }
    return price;
}

struct evac_str evac_facts_region(const struct evac_facts *facts, const struct evac_args *regions,
                                  struct evac_str region)
{
    for (; facts; facts = facts->next)
        for (size_t i = 0; i < facts->partition_count; i++)
            if (evac_str_starts(region, facts->partitions[i].prefix.p))
                return evac_args_get(regions, facts->partitions[i].name.p);
    return EVAC_STR_NONE;
}

/* Days from civil: years begin in March (Howard Hinnant's arithmetic). */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool evac_facts_day(struct evac_str date, int64_t *ret_day)
{
    int64_t year, month, day;
    struct evac_str rest, y = evac_str_cut(date, '-', &rest), d, m = evac_str_cut(rest, '-', &d);
    if (y.n != 4 || m.n != 2 || d.n != 2 || !evac_str_i64(y, &year) || !evac_str_i64(m, &month) ||
        !evac_str_i64(d, &day))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    *ret_day = days_of(year, month, day);
    return true;
}

/* --- limits, batches
 * ------------------------------------------------------------------------------------- */

static bool fits_any(const struct evac_str *operations, size_t count, struct evac_str operation)
{
    bool fits = false;
    for (size_t i = 0; !fits && i < count; i++)
        fits = evac_facts_fits(operations[i], operation);
    return fits;
}

static bool is_limit_of(const struct evac_fact_limit *limit, struct evac_str service)
{
    return evac_str_eq(limit->service, service) || evac_str_is(limit->service, "*");
}

/* Of the last file that says something of the service. */
size_t evac_facts_limits(const struct evac_facts *facts, struct evac_str service,
                         struct evac_str operation, const struct evac_fact_limit **ret_rows,
                         size_t most)
{
    size_t count = 0;
    for (const struct evac_facts *f = facts; f; f = f->next) {
        bool says = false;
        for (size_t i = 0; i < f->limit_count; i++) {
            const struct evac_fact_limit *limit = &f->limits[i];
            if (!is_limit_of(limit, service))
                continue;
            count = says ? count : 0;
            says = true;
            if (count < most && fits_any(limit->operations, limit->operation_count, operation))
                ret_rows[count++] = limit;
        }
    }
    return count;
}

const struct evac_fact_batch *evac_facts_batch(const struct evac_facts *facts,
                                               struct evac_str service, struct evac_str operation)
{
    const struct evac_fact_batch *found = NULL;
    for (const struct evac_facts *f = facts; f; f = f->next)
        for (size_t i = 0; i < f->batch_count; i++)
            if (evac_str_eq(f->batches[i].service, service) &&
                fits_any(f->batches[i].operations, f->batches[i].operation_count, operation))
                found = &f->batches[i];
    return found;
}
