/* A line of `evac top`: the worst that is to be said of an app, and how bad that is. */
#include "suite.h"
#include "top.h"

#include <stdio.h>
#include <string.h>

/* An app that is fine, with one thing of it said otherwise. */
static struct evac_top_row row_of(const char *instead, const char *runs)
{
    char json[2000];
    snprintf(json, sizeof json,
             "{\"runs\":[%s],\"apps\":[{\"app\":\"shop\",\"active\":\"us-east-1\",\"situation\":"
             "\"fine\","
             "\"has_data\":true,\"loss_now_ms\":1000,\"rpo_objective_ms\":30000,\"old_side\":null,"
             "\"frozen\":null,\"held\":null,\"run\":null,\"decision\":{\"reasons\":\"us-east-1 is "
             "down\"},"
             "\"drills\":{\"debt\":[{\"points\":10,\"max\":200,\"words\":\"w\"}]}}]}",
             runs);
    cJSON *status = cJSON_Parse(json), *part = cJSON_Parse(instead);
    ck_assert(cJSON_IsObject(status) && cJSON_IsObject(part));
    cJSON *app = cJSON_GetArrayItem(cJSON_GetObjectItem(status, "apps"), 0);
    while (part->child) {
        cJSON *item = cJSON_DetachItemViaPointer(part, part->child);
        char name[64]; /* the item's own is freed before it is read */
        snprintf(name, sizeof name, "%s", item->string);
        ck_assert(cJSON_ReplaceItemInObjectCaseSensitive(app, name, item));
    }
    struct evac_top_row row;
    evac_top_row_make(status, app, &row);
    cJSON_Delete(status);
    cJSON_Delete(part);
    return row;
}

static const struct {
    const char *instead, *runs;
    enum evac_top_worth worth;
    const char *says;
} cases_of[] = {
    { "{}", "", EVAC_TOP_FINE, "" },
    { "{\"situation\":\"outage\"}", "", EVAC_TOP_BAD, "us-east-1 is down" },
    { "{\"run\":7}", "{\"run\":7,\"state\":\"proposed\",\"to\":\"us-west-2\"}", EVAC_TOP_BAD,
      "run 7 proposed: evac approve shop" },
    { "{\"run\":7}", "{\"run\":7,\"state\":\"asking\",\"to\":\"us-west-2\"}", EVAC_TOP_BAD,
      "run 7 asking: evac watch shop" },
    { "{\"run\":7,\"situation\":\"outage\"}",
      "{\"run\":7,\"state\":\"running\",\"to\":\"us-west-2\"}", EVAC_TOP_MOVES,
      "run 7 running to us-west-2" },
    { "{\"old_side\":{\"writes\":true,\"state\":\"alive\"},\"situation\":\"outage\"}", "",
      EVAC_TOP_BAD, "TWO REGIONS MAY BE WRITING: evac fence shop" },
    { "{\"old_side\":{\"writes\":false,\"state\":\"alive\",\"region\":\"us-east-1\"}}", "",
      EVAC_TOP_BAD, "us-east-1 is alive again" },
    { "{\"held\":\"a deployment\"}", "", EVAC_TOP_WARNS, "held: a deployment" },
    { "{\"frozen\":{\"reason\":\"the year ends\"}}", "", EVAC_TOP_WARNS, "frozen: the year ends" },
    { "{\"loss_now_ms\":30001}", "", EVAC_TOP_WARNS, "a move now would lose more" },
    { "{\"loss_now_ms\":null}", "", EVAC_TOP_WARNS, "nobody can tell" },
    { "{\"loss_now_ms\":null,\"has_data\":false}", "", EVAC_TOP_FINE, "" },
    { "{\"drills\":{\"debt\":[{\"points\":201,\"max\":200,\"words\":\"no drill yet\"}]}}", "",
      EVAC_TOP_WARNS, "drill debt: no drill yet" },
};

START_TEST(the_worst_is_said)
{
    struct evac_top_row row = row_of(cases_of[_i].instead, cases_of[_i].runs);
    ck_assert_msg(row.worth == cases_of[_i].worth, "%d: %s", row.worth, row.word);
    ck_assert_msg(strncmp(row.word, cases_of[_i].says, strlen(cases_of[_i].says)) == 0 &&
                      (cases_of[_i].says[0] || !row.word[0]),
                  "'%s'", row.word);
}
END_TEST

static void cases(Suite *suite)
{
    TCase *tc = tcase_create("top");
    tcase_add_loop_test(tc, the_worst_is_said, 0, (int)(sizeof cases_of / sizeof cases_of[0]));
    suite_add_tcase(suite, tc);
}

EVAC_TEST_MAIN("top", cases)
