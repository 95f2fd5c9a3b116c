/* Theorems over every row of the configuration's schema. */
#include "conf.h"
#include "conf_read.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

/* The loops go over all rows of all sections, numbered through. */
static size_t row_count(void)
{
    size_t n = 0;
    for (size_t i = 0; conf_sections[i]; i++)
        for (const struct conf_row *row = conf_sections[i]->rows; row->path; row++)
            n++;
    return n;
}

static const struct conf_row *row_at(int index, const struct conf_section **ret_section)
{
    for (size_t i = 0; conf_sections[i]; i++)
        for (const struct conf_row *row = conf_sections[i]->rows; row->path; row++)
            if (index-- == 0) {
                *ret_section = conf_sections[i];
                return row;
            }
    ck_abort_msg("no such row");
}

static bool is_number(const struct conf_row *row)
{
    return row->type == CONF_INT || row->type == CONF_DURATION || row->type == CONF_CHOICE ||
           row->type == CONF_BOOL || row->type == CONF_DAY;
}

static int64_t number_at(const struct conf_row *row, const char *at)
{
    int32_t n32;
    int64_t n64;
    uint16_t n16;
    bool truth;
    switch (row->bytes) {
    case sizeof truth:
        memcpy(&truth, at + row->offset, sizeof truth);
        return truth;
    case sizeof n16:
        memcpy(&n16, at + row->offset, sizeof n16);
        return n16;
    case sizeof n32:
        memcpy(&n32, at + row->offset, sizeof n32);
        return (uint32_t)n32;
    default:
        memcpy(&n64, at + row->offset, sizeof n64);
        return n64;
    }
}

/* --- what each row says
 * ---------------------------------------------------------------------------- */

START_TEST(a_row_says_what_it_is_what_it_allows_and_what_holds_without_it)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    struct evac_buf allowed;
    evac_buf_init(&allowed, 4096);
    conf_allowed(row, &allowed);
    ck_assert_msg(row->doc && row->doc[0], "%s.%s has no doc", section->what, row->path);
    ck_assert_msg(allowed.n && allowed.p[allowed.n - 1] != ' ', "%s.%s: '%s'", section->what,
                  row->path, allowed.p);
    int known =
        (row->flags & CONF_REQUIRED ? 1 : 0) + (row->fallback ? 1 : 0) + (row->otherwise ? 1 : 0);
    ck_assert_msg(known == 1, "%s.%s is required, has a default, or says what holds instead",
                  section->what, row->path);
    ck_assert_msg(conf_row(section, evac_str(row->path)) == row, "%s.%s is there twice",
                  section->what, row->path);
    evac_buf_done(&allowed);
}
END_TEST

START_TEST(a_row_points_into_its_struct_and_its_range_fits)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    ck_assert_uint_le(row->offset + row->bytes, section->bytes);
    ck_assert_uint_le(row->count_offset + sizeof(size_t), section->bytes);
    ck_assert_int_le(row->min, row->max);
    if (row->type == CONF_INT || row->type == CONF_DURATION)
        ck_assert_int_lt(row->min, row->max);
    if (is_number(row) && row->bytes < sizeof(int64_t))
        ck_assert_int_lt(row->max, (int64_t)1 << (8 * row->bytes));
    ck_assert_int_eq(row->type == CONF_CHOICE, row->choices && row->type != CONF_TEXT);
    ck_assert_int_eq(row->type == CONF_SECTION, row->section != NULL);
}
END_TEST

START_TEST(no_two_rows_share_a_place)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    for (const struct conf_row *other = section->rows; other < row; other++)
        ck_assert_msg(row->offset >= other->offset + other->bytes ||
                          other->offset >= row->offset + row->bytes,
                      "%s.%s and %s", section->what, row->path, other->path);
}
END_TEST

START_TEST(a_section_s_rows_fit_its_bits_and_a_group_s_rows_stand_together)
{
    const struct conf_section *section = conf_sections[_i];
    size_t n = 0;
    struct evac_str rest, before = EVAC_STR_NONE;
    for (const struct conf_row *row = section->rows; row->path; row++, n++) {
        struct evac_str group = evac_str_cut(evac_str(row->path), '.', &rest);
        for (const struct conf_row *past = section->rows; past < row; past++)
            ck_assert_msg(!evac_str_eq(group, evac_str_cut(evac_str(past->path), '.', &rest)) ||
                              evac_str_eq(group, before),
                          "%s.%s stands apart", section->what, row->path);
        before = group;
    }
    ck_assert_uint_le(n, CONF_ROWS_MAX);
}
END_TEST

/* --- each row can be given, and holds its default when it is not --------------------------------
 */

static const char *const samples[CONF_TYPE_COUNT][2] = {
    [CONF_TEXT] = { "\"some text\"", "\"more text\"" },
    [CONF_NAME] = { "\"some-name\"", "\"more_2\"" },
    [CONF_ACTION] = { "\"ecs.scale\"", "\"s3-go.fence\"" },
    [CONF_REGION] = { "\"us-gov-west-1\"", "\"ap-southeast-12\"" },
    [CONF_ROLE] = { "\"witness\"", "\"eu-west-3\"" },
    [CONF_URL] = { "\"http://a.org:80/x?y=1\"", "\"https://[::1]:8443\"" },
    [CONF_REGIONAL_URL] = { "\"https://{region}.a.org/\"", "\"http://a.org/{region}\"" },
    [CONF_ANY_URL] = { "\"https://{region}.a.org/\"", "\"http://a.org/\"" },
    [CONF_HOST_PORT] = { "\"db.{region}.a.org:5432\"", "\"[::1]:80\"" },
    [CONF_DOMAIN] = { "\"a.org\"", "\"{region}.a.org\"" },
    [CONF_ADDRESS] = { "\"[::1]:53\"", "\"10.0.0.2:5300\"" },
    [CONF_PATH] = { "\"/some/path\"", "\"/more\"" },
    [CONF_CRON] = { "\"*/5 0-6,22 1 JAN mon\"", "\"0 0 * * *\"" },
    [CONF_ZONE] = { "\"America/Argentina/Buenos_Aires\"", "\"Etc/GMT+2\"" },
    [CONF_APPROVER] = { "\"approver\"", "\"gid:oncall\"" },
    [CONF_PRINCIPAL] = { "\"uid:1000(ann)\"", "\"gid:oncall\"" },
    [CONF_ARGS] = { "{ a = { b = 1; }; }", "{ }" },
    [CONF_RAW] = { "\"done\"", "3" },
    [CONF_SECTION] = { "{ }", "{ }" },
};

/* A value that is not the default. */
static void put_number(const struct conf_row *row, struct evac_buf *out, int64_t *ret_value)
{
    int64_t last = 0;
    while (row->choices && row->choices[last + 1])
        last++;
    bool is_last = row->fallback && row->choices && strcmp(row->choices[last], row->fallback) == 0;
    if (row->type == CONF_BOOL) {
        *ret_value = !(row->fallback && strcmp(row->fallback, "true") == 0);
        evac_buf_puts(out, *ret_value ? "true" : "false");
    } else if (row->type == CONF_CHOICE) {
        *ret_value = is_last ? 0 : last;
        evac_buf_putf(out, "\"%s\"", row->choices[*ret_value]);
    } else if (row->type == CONF_DAY) {
        *ret_value = 951868800000; /* the end of a leap day */
        evac_buf_puts(out, "\"2000-02-29\"");
    } else if (row->type == CONF_DURATION) {
        *ret_value = row->max;
        evac_buf_putf(out, "\"%lldms\"", (long long)*ret_value);
    } else {
        *ret_value = row->max < INT32_MAX ? row->max : INT32_MAX;
        evac_buf_putf(out, "%lld", (long long)*ret_value);
    }
}

static void put_value(const struct conf_row *row, struct evac_buf *out, int64_t *ret_number)
{
    const char *one = samples[row->type][0], *two = samples[row->type][1];
    if (is_number(row))
        put_number(row, out, ret_number);
    else if (row->choices && row->flags & CONF_LIST)
        evac_buf_putf(out, "( \"%s\", \"%s\" )", row->choices[0], row->choices[1]);
    else if (row->choices)
        evac_buf_putf(out, "\"%s\"", row->choices[0]);
    else if (row->flags & CONF_NAMED)
        evac_buf_putf(out, "{ x = %s; y = %s; }", one, two);
    else if (row->flags & CONF_LIST)
        evac_buf_putf(out, "( %s, %s )", one, two);
    else
        evac_buf_puts(out, one);
}

static size_t put_groups(const struct conf_row *row, struct evac_buf *out)
{
    struct evac_str rest = evac_str(row->path), name = evac_str_cut(rest, '.', &rest);
    size_t depth = 0;
    for (; rest.n; name = evac_str_cut(rest, '.', &rest), depth++)
        evac_buf_putf(out, "%.*s = { ", EVAC_STR_ARG(name));
    evac_buf_putf(out, "%.*s = ", EVAC_STR_ARG(name));
    return depth;
}

static void end_groups(size_t depth, struct evac_buf *out)
{
    evac_buf_puts(out, ";");
    while (depth--)
        evac_buf_puts(out, " };");
    evac_buf_puts(out, "\n");
}

/* "policy.dwell" with v is policy = { dwell = v; }; */
static void put_setting(const struct conf_row *row, struct evac_buf *out, int64_t *ret_number)
{
    size_t depth = put_groups(row, out);
    put_value(row, out, ret_number);
    end_groups(depth, out);
}

struct reading {
    struct evac_diag diag;
    struct conf_section section; /* without finish, so that only the rows speak */
    config_t config;
    char *at;
};

static void begin(struct reading *reading, const struct conf_section *section, const char *text)
{
    *reading = (struct reading){ .diag = { .arena = evac_arena_new() }, .section = *section };
    struct conf_reader r = { reading->diag.arena, &reading->diag, "row.cfg" };
    struct evac_str borrowed = evac_str(text);
    reading->section.finish = NULL;
    reading->at = evac_arena_alloc(r.arena, section->bytes);
    bool parsed = conf_parse_text(&r, borrowed, &reading->config);
    ck_assert_msg(parsed, "%s", text);
    conf_read_section(&r, &reading->section, config_root_setting(&reading->config), reading->at);
}

static void end(struct reading *reading)
{
    config_destroy(&reading->config);
    evac_arena_free(reading->diag.arena);
}

/* Errors about the row itself, not about what else is missing in its group or below it. */
static const char *complaint(const struct reading *reading, const struct conf_row *row)
{
    char about[100];
    (void)snprintf(about, sizeof about, "%s.%s:", reading->section.what, row->path);
    for (const struct evac_diag_item *i = reading->diag.first; i; i = i->next)
        if (evac_str_starts(i->text, about) || evac_str_starts(i->text, "unknown setting"))
            return i->text.p;
    return NULL;
}

START_TEST(a_row_s_default_is_what_it_allows_and_what_holds)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    struct reading reading;
    char expected[sizeof(int64_t) + sizeof(struct evac_str)] = { 0 };
    if (!row->fallback)
        return;
    begin(&reading, section, "");
    struct conf_reader r = { reading.diag.arena, &reading.diag, "row.cfg" };
    struct conf_value value = conf_value_of(row, row->fallback);
    struct conf_row here = *row;
    here.offset = 0;
    ck_assert_msg(conf_put(&r, row, &value, expected), "%s.%s does not allow its default \"%s\"",
                  section->what, row->path, row->fallback);
    if (is_number(row))
        ck_assert_int_eq(number_at(row, reading.at), number_at(&here, expected));
    else
        ck_assert_msg(
            evac_str_is(*(struct evac_str *)(void *)(reading.at + row->offset), row->fallback),
            "%s.%s", section->what, row->path);
    end(&reading);
}
END_TEST

static void check_given(const struct conf_row *row, const char *at, int64_t number)
{
    size_t count = 0;
    const struct evac_place *place = (const void *)(at + row->offset);
    const struct evac_args *args = (const void *)(at + row->offset);
    const struct evac_str *text = (const void *)(at + row->offset);
    const void *pointer = NULL;
    memcpy(&count, at + row->count_offset, sizeof count);
    memcpy(&pointer, at + row->offset, sizeof pointer);
    if (is_number(row))
        ck_assert_int_eq(number_at(row, at), number);
    else if (row->flags & (CONF_LIST | CONF_NAMED))
        ck_assert_uint_eq(count, 2);
    else if (row->type == CONF_ARGS)
        ck_assert_str_eq(args->items[0].name.p, "a.b");
    else if (row->type == CONF_RAW)
        ck_assert_ptr_nonnull(pointer);
    else if (row->flags & CONF_WHEN)
        ck_assert_uint_eq(count,
                          0); /* an empty condition is an error: what it allows is test_conf's */
    else if (row->type == CONF_SECTION)
        ck_assert_int_eq(place->line, 1);
    else
        ck_assert_uint_gt(text->n, 0);
}

START_TEST(a_row_that_is_given_is_read_to_its_place_without_complaint)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    struct evac_buf text;
    struct reading without, with;
    int64_t number = 0;
    evac_buf_init(&text, 65536);
    put_setting(row, &text, &number);
    begin(&without, section, "");
    begin(&with, section, text.p);
    const char *found = complaint(&with, row);
    ck_assert_msg(!found, "%s\n%s", text.p, found);
    check_given(row, with.at, number);
    if (is_number(row) && number != 0)
        ck_assert_int_ne(number_at(row, without.at), number);
    end(&without);
    end(&with);
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_row_that_is_given_the_wrong_type_is_refused)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    struct evac_buf text;
    struct reading reading;
    if (row->type == CONF_RAW)
        return; /* tables of test_conf_bad say what these refuse */
    evac_buf_init(&text, 4096);
    size_t depth = put_groups(row, &text);
    evac_buf_puts(&text, "1.5");
    end_groups(depth, &text);
    begin(&reading, section, text.p);
    ck_assert_msg(complaint(&reading, row) != NULL, "%s.%s", section->what, row->path);
    end(&reading);
    evac_buf_done(&text);
}
END_TEST

START_TEST(a_number_just_outside_of_its_range_is_refused_and_its_ends_are_not)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    if ((row->type != CONF_INT && row->type != CONF_DURATION) || row->min == INT64_MIN)
        return;
    struct evac_arena *arena = evac_arena_new();
    struct evac_diag diag = { .arena = arena };
    struct conf_reader r = { arena, &diag, "row.cfg" };
    const struct {
        int64_t number;
        bool good;
    } cases[] = {
        { row->min - 1, false }, { row->min, true }, { row->max, true }, { row->max + 1, false }
    };
    for (size_t i = 0; i < 4; i++) {
        char to[8] = { 0 };
        struct conf_value value = { CONF_IS_NUMBER, cases[i].number, EVAC_STR_NONE };
        if (row->type == CONF_DURATION) {
            value.kind = CONF_IS_TEXT;
            value.text = evac_arena_printf(arena, "%lldms", (long long)cases[i].number);
        }
        ck_assert_msg(conf_put(&r, row, &value, to) == cases[i].good, "%s.%s: %lld", section->what,
                      row->path, (long long)cases[i].number);
    }
    evac_arena_free(arena);
}
END_TEST

START_TEST(the_reference_has_each_row_with_its_default)
{
    const struct conf_section *section;
    const struct conf_row *row = row_at(_i, &section);
    struct evac_buf out;
    char line[200];
    evac_buf_init(&out, 1u << 20);
    evac_conf_reference(&out);
    (void)snprintf(line, sizeof line, "\n| `%s` | ", row->path);
    const char *part = strstr(out.p, section->title);
    const char *at = part ? strstr(part, line) : NULL;
    ck_assert_msg(at != NULL, "%s", line);
    const char *last = strchr(at + 1, '\n');
    (void)snprintf(line, sizeof line, "%s",
                   row->fallback    ? row->fallback
                   : row->otherwise ? row->otherwise
                                    : "**required**");
    const char *value = strstr(at, line);
    ck_assert_msg(value && value < last, "%s: %s", row->path, line);
    evac_buf_done(&out);
}
END_TEST

/* The page ends with the reference. */
START_TEST(the_language_s_page_has_the_reference_that_the_table_prints)
{
    struct evac_buf out, page;
    char chunk[4096];
    size_t n;
    evac_buf_init(&out, 1u << 20);
    evac_buf_init(&page, 1u << 20);
    evac_conf_reference(&out);
    FILE *file = fopen(EVAC_SOURCE_DIR "/runbooks/README.md", "r");
    ck_assert_ptr_nonnull(file);
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        evac_buf_put(&page, chunk, n);
    fclose(file);
    FILE *fresh = fopen(EVAC_BINARY_DIR "/reference.md", "w");
    ck_assert_ptr_nonnull(fresh);
    fputs(out.p, fresh);
    fclose(fresh);
    ck_assert_msg(evac_str_ends(evac_buf_str(&page), out.p),
                  "runbooks/README.md must end with what is in %s/reference.md", EVAC_BINARY_DIR);
    evac_buf_done(&out);
    evac_buf_done(&page);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tc = tcase_create("schema");
    int rows = (int)row_count(), sections = 0;
    while (conf_sections[sections])
        sections++;
    tcase_add_loop_test(tc, a_row_says_what_it_is_what_it_allows_and_what_holds_without_it, 0,
                        rows);
    tcase_add_loop_test(tc, a_row_points_into_its_struct_and_its_range_fits, 0, rows);
    tcase_add_loop_test(tc, no_two_rows_share_a_place, 0, rows);
    tcase_add_loop_test(tc, a_section_s_rows_fit_its_bits_and_a_group_s_rows_stand_together, 0,
                        sections);
    tcase_add_loop_test(tc, a_row_s_default_is_what_it_allows_and_what_holds, 0, rows);
    tcase_add_loop_test(tc, a_row_that_is_given_is_read_to_its_place_without_complaint, 0, rows);
    tcase_add_loop_test(tc, a_row_that_is_given_the_wrong_type_is_refused, 0, rows);
    tcase_add_loop_test(tc, a_number_just_outside_of_its_range_is_refused_and_its_ends_are_not, 0,
                        rows);
    tcase_add_loop_test(tc, the_reference_has_each_row_with_its_default, 0, rows);
    tcase_add_test(tc, the_language_s_page_has_the_reference_that_the_table_prints);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("conf, schema", add_cases)
