#include "alive.h"

#include "alive_share.h"
#include "client.h"
#include "jw.h"
#include "store.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ANSWER_MS  2000L
#define ANSWER_MAX 65536u

struct look {
    struct evac_alive *alive;
    struct evac_jw w;
};

static void note(struct look *look, const char *where, const char *found)
{
    evac_jw_open(&look->w, NULL, '{');
    evac_jw_cstr(&look->w, "where", where);
    evac_jw_cstr(&look->w, "found", found);
    evac_jw_close(&look->w, '}');
}

/* The first that is found is told; the rest is for the journal. */
static void tell(struct look *look, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct look *look, const char *fmt, ...)
{
    va_list ap;
    if (look->alive->found)
        return;
    look->alive->found = true;
    va_start(ap, fmt);
    vsnprintf(look->alive->what, sizeof look->alive->what, fmt, ap);
    va_end(ap);
}

static size_t take(char *p, size_t size, size_t n, void *user)
{
    struct evac_buf *buf = user;
    evac_buf_put(buf, p, size * n);
    return size * n; /* what is too much is dropped: it answered */
}

/* Did anything that speaks HTTP answer? What it said goes to *body. */
static CURLcode ask(const char *socket, const char *url, struct evac_buf *body)
{
    CURL *curl = curl_easy_init();
    if (!curl)
        abort();
    if (socket)
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code;
}

/* Whatever took the connection is there, also when it is too late, or wants a certificate. */
static bool is_silence(CURLcode code)
{
    return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
           code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
}

/* --- its socket ------------------------------------------------------------------------------- */

/* "evacd 0.1.0 on demo, since 2026-11-28 12:00:03Z": as its status says. */
static void introduce(const char *socket, char *text, size_t bytes)
{
    struct evac_buf body;
    char since[40] = "an unknown time";
    evac_buf_init(&body, 16u << 20);
    CURLcode code = ask(socket, "http://evac/v1/status", &body);
    cJSON *status = code ? NULL : cJSON_ParseWithLength(body.p ? body.p : "", body.n);
    double now = evac_json_number(status, "now_ms", 0), up = evac_json_number(status, "up_ms", 0);
    time_t begun = (time_t)((now - up) / 1000);
    struct tm utc;
    if (now > 0 && gmtime_r(&begun, &utc))
        strftime(since, sizeof since, "%Y-%m-%d %H:%M:%SZ", &utc);
    if (status && evac_json_cstr(status, "version")[0])
        snprintf(text, bytes, "evacd %s on %s, up since %s", evac_json_cstr(status, "version"),
                 evac_json_cstr(status, "node"), since);
    else
        snprintf(text, bytes, "something that does not say what it is");
    cJSON_Delete(status);
    evac_buf_done(&body);
}

static void look_at_socket(struct look *look, const char *socket)
{
    struct evac_buf body;
    char where[200], who[200];
    snprintf(where, sizeof where, "unix:%s", socket);
    evac_buf_init(&body, ANSWER_MAX);
    CURLcode code = ask(socket, "http://evac/readyz", &body);
    evac_buf_done(&body);
    if (is_silence(code)) {
        note(look, where, "nobody listens");
        return;
    }
    if (code == CURLE_OK)
        introduce(socket, who, sizeof who);
    else
        snprintf(who, sizeof who, "a process that has the socket and gives no answer (%s)",
                 curl_easy_strerror(code));
    note(look, where, who);
    tell(look,
         "a controller is alive on %s: %s. Leave out --standalone to use it; or end it first "
         "(systemctl stop evacd)",
         socket, who);
}

/* --- its addresses ---------------------------------------------------------------------------- */

static void look_at_url(struct look *look, const char *url)
{
    struct evac_buf body;
    char text[200] = "it does not answer: ";
    evac_buf_init(&body, ANSWER_MAX);
    CURLcode code = ask(NULL, url, &body);
    bool silent = is_silence(code) || code == CURLE_OPERATION_TIMEDOUT;
    if (silent)
        (void)evac_str_copy(text + strlen(text), sizeof text - strlen(text),
                            evac_str(curl_easy_strerror(code)));
    else
        snprintf(text, sizeof text, "it answers: %.120s",
                 body.n ? body.p : curl_easy_strerror(code));
    evac_buf_done(&body);
    note(look, url, text);
    if (!silent)
        tell(look,
             "a controller is alive at %s (%s). Talk to it; or have it ended first, by whoever "
             "runs it",
             url, text);
}

/* Where everybody is listened to, this machine is. */
static struct evac_str dialled(struct evac_str address, struct evac_str *port)
{
    if (evac_str_starts(address, "0.0.0.0:")) {
        *port = (struct evac_str){ address.p + 7, address.n - 7 };
        return EVAC_STR("127.0.0.1");
    }
    if (evac_str_starts(address, "[::]:")) {
        *port = (struct evac_str){ address.p + 4, address.n - 4 };
        return EVAC_STR("[::1]");
    }
    *port = EVAC_STR_NONE;
    return address;
}

static void look_at_addresses(struct look *look, const struct evac_controller_conf *conf)
{
    char url[300];
    for (size_t i = 0; i < conf->listen_count; i++) {
        struct evac_str port, host = dialled(conf->listen[i].address, &port);
        snprintf(url, sizeof url, "http%s://%.*s%.*s/readyz",
                 conf->listen[i].certificate.n ? "s" : "", EVAC_STR_ARG(host), EVAC_STR_ARG(port));
        look_at_url(look, url);
    }
}

/* EVAC_SERVER: "https://evac.example.com:8443,https://10.0.0.7:8443" */
static void look_at_servers(struct look *look)
{
    const char *servers = getenv("EVAC_SERVER");
    struct evac_str rest = evac_str(servers ? servers : "");
    while (rest.n) {
        char url[400];
        struct evac_str one = evac_str_cut(rest, ',', &rest);
        while (one.n && one.p[one.n - 1] == '/')
            one.n--;
        snprintf(url, sizeof url, "%.*s/readyz", EVAC_STR_ARG(one));
        if (one.n)
            look_at_url(look, url);
    }
}

/* --- the lead of a journal that is shared -------------------------------------------------------
 */

#define LEAD_MS 5000u

static void look_at_lead(struct look *look, const struct evac_controller_conf *conf)
{
    struct evac_lead_seen seen;
    char text[400];
    if (conf->shared.cluster.n == 0)
        return;
    evac_lead_look(conf, LEAD_MS, &seen);
    if (!seen.known)
        snprintf(text, sizeof text, "whether a controller leads can not be known from here: %s",
                 seen.why);
    else
        snprintf(text, sizeof text, "%s%s", seen.node[0] ? "the lead is held by " : "nobody leads",
                 seen.node);
    note(look, "etcd", text);
    if (seen.node[0])
        tell(look, "%s leads, as etcd says%s%s. Talk to it; or have all controllers ended first",
             seen.node, seen.address[0] ? ", and is at " : "", seen.address);
}

static void look_at_peers(struct look *look, const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->shared.controller_count; i++) {
        char url[400];
        struct evac_str address = conf->shared.controllers[i].address;
        while (address.n && address.p[address.n - 1] == '/')
            address.n--;
        snprintf(url, sizeof url, "%.*s/readyz", EVAC_STR_ARG(address));
        if (address.n)
            look_at_url(look, url);
    }
}

/* --- its journal ------------------------------------------------------------------------------ */

static void look_at_journal(struct look *look, const char *path)
{
    long pid = 0;
    int64_t since = 0;
    char text[200], at[40] = "an unknown time";
    struct tm utc;
    if (!evac_store_sqlite_held(path, &pid, &since)) {
        note(look, path, "nobody holds it");
        return;
    }
    time_t begun = (time_t)(since / 1000);
    if (gmtime_r(&begun, &utc))
        strftime(at, sizeof at, "%Y-%m-%d %H:%M:%SZ", &utc);
    snprintf(text, sizeof text, "process %ld holds it since %s", pid, at);
    note(look, path, text);
    tell(look,
         "the journal %s belongs to a controller that is alive: %s. End it first (kill %ld), or "
         "name a copy of it with --journal",
         path, text, pid);
}

void evac_alive_look(const struct evac_model *model, const char *socket, const char *journal,
                     struct evac_alive *ret)
{
    const struct evac_controller_conf *conf = &model->controller;
    struct look look = { .alive = ret, .w = { &ret->seen, false } };
    *ret = (struct evac_alive){ .found = false };
    evac_buf_init(&ret->seen, 65536);
    evac_jw_open(&look.w, NULL, '[');
    look_at_socket(&look, conf->socket.p);
    if (!evac_str_is(conf->socket, socket))
        look_at_socket(&look, socket);
    look_at_addresses(&look, conf);
    look_at_servers(&look);
    look_at_peers(&look, conf);
    look_at_lead(&look, conf);
    look_at_journal(&look, conf->store.p);
    if (!evac_str_is(conf->store, journal))
        look_at_journal(&look, journal);
    evac_jw_close(&look.w, ']');
}

void evac_alive_done(struct evac_alive *alive)
{
    evac_buf_done(&alive->seen);
}
