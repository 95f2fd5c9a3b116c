/*
 * The driver without evac, without a network and without a clock: a host that the test plays. Each
 * case is an answer of the service and what the driver must make of it.
 */
#include <evac/driver.h>

#include <stdio.h>
#include <string.h>

extern const struct evac_pack evac_pack;

static struct evac_http_reply next_reply;
static struct {
    char method[8], body[64], guard[64];
    bool mutates;
    evac_http_done_fn *done;
    void *user;
} sent;
static struct evac_reply got;
static char got_snapshot[128], got_version[64];
static unsigned failures;

static void expect(bool so, const char *what)
{
    failures += !so;
    if (!so)
        printf("FAILED: %s\n", what);
}

/* The host: keeps the request; the test answers it later, as the contract says. */
static enum evac_code http(void *ctx, const struct evac_http_request *request,
                           evac_http_done_fn *done, void *user, uint64_t *ret_id,
                           struct evac_err *err)
{
    (void)ctx, (void)err;
    snprintf(sent.method, sizeof sent.method, "%.*s", EVAC_STR_ARG(request->method));
    snprintf(sent.body, sizeof sent.body, "%.*s", EVAC_STR_ARG(request->body));
    snprintf(sent.guard, sizeof sent.guard, "%.*s",
             request->header_count ? (int)request->headers[0].value.n : 0,
             request->header_count ? request->headers[0].value.p : "");
    sent.mutates = request->mutates;
    sent.done = done;
    sent.user = user;
    *ret_id = 1;
    return EVAC_OK;
}

static void on_done(void *user, const struct evac_reply *reply)
{
    (void)user;
    got = *reply;
    snprintf(got_snapshot, sizeof got_snapshot, "%.*s", EVAC_STR_ARG(reply->snapshot));
    snprintf(got_version, sizeof got_version, "%.*s", EVAC_STR_ARG(reply->version));
}

static void ask(struct evac_link *link, enum evac_verb verb, const char *version, const char *goal,
                int status, const char *body)
{
    const struct evac_arg items[] = {
        { EVAC_STR("region"), EVAC_STR("us-east-1") },
        { EVAC_STR("url"), EVAC_STR("http://flags.example.com/read-only") },
        { EVAC_STR("want.value"), EVAC_STR("on") },
    };
    const struct evac_args args = { items, 3 };
    const struct evac_http_header etag = { EVAC_STR("ETag"), EVAC_STR("\"7\"") };
    struct evac_call call = { .verb = verb,
                              .action = "set",
                              .args = &args,
                              .version = evac_str(version),
                              .goal = evac_str(goal),
                              .token = "aaaaaaaaaaaaaaaaaaaaaaaaa" };
    struct evac_err err = { EVAC_OK, "" };
    uint64_t id;
    next_reply = (struct evac_http_reply){ .fate = status ? EVAC_HTTP_REPLIED : EVAC_HTTP_LOST,
                                           .status = status,
                                           .headers = &etag,
                                           .header_count = status == 200,
                                           .body = evac_str(body),
                                           .error = status ? "" : "the connection broke" };
    if (evac_pack.drivers[0]->call(link, &call, on_done, NULL, &id, &err) == EVAC_OK)
        sent.done(sent.user, &next_reply);
    else
        expect(false, err.text);
}

int main(void)
{
    const struct evac_host host = { .abi = EVAC_HOST_ABI, .http = http };
    const struct evac_args none = { NULL, 0 };
    struct evac_err err = { EVAC_OK, "" };
    struct evac_link *link = NULL;
    expect(evac_pack_check(&evac_pack, &err) == EVAC_OK, err.text);
    expect(evac_pack.open(&host, &none, &link, &err) == EVAC_OK, err.text);

    ask(link, EVAC_VERB_OBSERVE, "", "", 200, "on\n");
    expect(got.seen == EVAC_SEEN_SATISFIED && got.strong, "the value is as wanted");
    expect(strcmp(got_version, "\"7\"") == 0, "its version is told");
    ask(link, EVAC_VERB_OBSERVE, "", "", 200, "off");
    expect(got.seen == EVAC_SEEN_UNSATISFIED, "another value is not satisfied");
    expect(strcmp(got_snapshot, "{\"value\":\"off\"}") == 0, "what was there can be gone back to");
    ask(link, EVAC_VERB_OBSERVE, "", "", 404, "");
    expect(got.seen == EVAC_SEEN_UNSATISFIED, "no value is not satisfied");
    ask(link, EVAC_VERB_OBSERVE, "", "", 503, "");
    expect(got.seen == EVAC_SEEN_UNSEEN && !sent.mutates, "a service that is ill was not seen");
    ask(link, EVAC_VERB_OBSERVE, "", "", 0, "");
    expect(got.seen == EVAC_SEEN_UNSEEN, "a lost answer was not seen");

    ask(link, EVAC_VERB_APPLY, "\"7\"", "", 204, "");
    expect(got.outcome == EVAC_OUTCOME_ACCEPTED, "it was taken");
    expect(strcmp(sent.method, "PUT") == 0 && strcmp(sent.body, "on") == 0 && sent.mutates,
           "PUT on");
    expect(strcmp(sent.guard, "\"7\"") == 0, "guarded by the version that was seen");
    ask(link, EVAC_VERB_APPLY, "\"7\"", "", 412, "");
    expect(got.outcome == EVAC_OUTCOME_REJECTED, "a faster writer: certainly not done");
    ask(link, EVAC_VERB_APPLY, "\"7\"", "", 0, "");
    expect(got.outcome == EVAC_OUTCOME_UNKNOWN, "a lost answer is not a failure");
    ask(link, EVAC_VERB_APPLY, "\"7\"", "", 429, "");
    expect(got.outcome == EVAC_OUTCOME_THROTTLED, "throttled");
    ask(link, EVAC_VERB_APPLY, "\"8\"", "{\"value\":\"off\"}", 204, "");
    expect(strcmp(sent.body, "off") == 0, "a rollback restores what was there");
    evac_pack.close(link);
    puts(failures ? "failed" : "ok");
    return failures != 0;
}
