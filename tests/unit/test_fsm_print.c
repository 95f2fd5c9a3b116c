/* The printed state machines are a recorded file: a changed cell is a one-line diff.
 * EVAC_UPDATE_GOLDEN=1 records anew. */
#include "fsm_print.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

START_TEST(the_printed_tables_are_as_recorded)
{
    struct evac_buf now, then;
    char chunk[4096];
    size_t n;
    const char *path = EVAC_SOURCE_DIR "/tests/golden/fsm.txt";
    evac_buf_init(&now, 1u << 20), evac_buf_init(&then, 1u << 20);
    evac_fsm_print(EVAC_FSM_TEXT, &now);
    if (getenv("EVAC_UPDATE_GOLDEN")) {
        FILE *out = fopen(path, "w");
        ck_assert_ptr_nonnull(out);
        fwrite(now.p, 1, now.n, out);
        fclose(out);
    }
    FILE *f = fopen(path, "r");
    ck_assert_ptr_nonnull(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        evac_buf_put(&then, chunk, n);
    fclose(f);
    ck_assert_msg(evac_str_eq(evac_buf_str(&now), evac_buf_str(&then)),
                  "a cell changed: diff %s with 'evac fsm', and record it if it is meant", path);
    evac_buf_done(&now), evac_buf_done(&then);
}
END_TEST

START_TEST(the_other_forms_have_as_many_cells)
{
    static const struct {
        enum evac_fsm_form form;
        const char *per_cell;
    } forms[] = { { EVAC_FSM_MERMAID, " --> " }, { EVAC_FSM_JSON, "\"event\":" } };
    struct evac_buf text, other;
    size_t lines = 0, cells = 0;
    evac_buf_init(&text, 1u << 20), evac_buf_init(&other, 1u << 20);
    evac_fsm_print(EVAC_FSM_TEXT, &text);
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    evac_fsm_print(forms[_i].form, &other);
    for (const char *p = other.p; (p = strstr(p, forms[_i].per_cell)) != NULL; p++)
        cells++;
    ck_assert_uint_eq(cells, lines);
    evac_buf_done(&text), evac_buf_done(&other);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("fsm");
    tcase_add_test(tc, the_printed_tables_are_as_recorded);
    tcase_add_loop_test(tc, the_other_forms_have_as_many_cells, 0, 2);
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("printed state machines", cases)
