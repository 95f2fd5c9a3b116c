/* How this controller feels: its loop, its timers, its descriptors, its probes' queue, its clock,
 * its resolver. Measured once a second and told to the engine, which makes an opinion of it. */
#include "daemon_internal.h"

#include "host_url.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define FILES_EVERY_MS 5000u
#define ASK_EVERY_MS   5000u
#define ASK_WAIT_MS    2000u
#define SILENT_MAX     2u     /* so many questions without an answer: it does not answer */
#define JUMP_COUNTS_MS 60000u /* a jump is a sign for so long */
#define FILES_SEEN_MAX 100000u
#define NANOSECONDS    1000000u /* of a millisecond */

/* --- the loop --- */

/* Before it sleeps: how long did this turn take, without the time that it slept? */
void daemon_self_turn(struct evac_daemon *daemon)
{
    struct daemon_self *self = &daemon->self;
    uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(daemon->loop);
    uint64_t all = now - self->turned_ns, slept = idle - self->idle_ns;
    uint64_t busy_ms = self->turned_ns && all > slept ? (all - slept) / NANOSECONDS : 0;
    if (self->turned_ns && all > slept)
        evac_meters_turn(daemon->meters, (double)(all - slept) / 1e9);
    if (busy_ms > self->longest_ms)
        self->longest_ms = busy_ms;
    self->turned_ns = now;
    self->idle_ns = idle;
}

/* --- descriptors --- */

static uint32_t count_files(void)
{
    uint32_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    while (n < FILES_SEEN_MAX && readdir(dir))
        n++;
    closedir(dir);
    return n > 3 ? n - 3 : 0; /* ".", "..", and the folder itself */
}

static void look_at_files(struct daemon_self *self, uint64_t now_ms)
{
    struct rlimit limit;
    if (now_ms < self->files_due_ms)
        return;
    self->files_due_ms = now_ms + FILES_EVERY_MS;
    self->files = count_files();
    self->files_max = 0;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        self->files_max = limit.rlim_cur > UINT32_MAX ? UINT32_MAX : (uint32_t)limit.rlim_cur;
}

/* --- the resolver --- */

static bool take_host(struct daemon_self *self, struct evac_str url)
{
    struct evac_url parts;
    union evac_address address;
    if (evac_str_has(url, "{region}") || evac_url_split(url, &parts, NULL) ||
        evac_address_parse(parts.host, &address))
        return false;
    return evac_str_copy(self->name, sizeof self->name, parts.host);
}

/* A name that this controller has to resolve anyway; without any the resolver can not tell. */
static void find_name(struct evac_daemon *daemon)
{
    const struct evac_model *model = daemon->model;
    struct daemon_self *self = &daemon->self;
    self->name[0] = '\0';
    for (size_t i = 0; i < model->controller.anchor_count; i++)
        if (take_host(self, model->controller.anchors[i]))
            return;
    for (size_t a = 0; a < evac_model_probed_count(model); a++) {
        const struct evac_app *app = evac_model_probed(model, a);
        for (size_t p = 0; p < app->probe_count; p++)
            if (app->probes[p].kind == EVAC_PROBE_KIND_HTTP &&
                take_host(self, app->probes[p].target))
                return;
    }
}

/* Any answer will do: "no such name" comes from a resolver too. The daemon outlives its questions:
 * the host answers all that are open when it closes. */
static void on_answer(void *user, const struct evac_dns_reply *reply)
{
    struct daemon_self *self = user;
    self->asking = false;
    self->silent = reply->answered ? 0 : self->silent + 1;
    if (reply->answered)
        self->resolver = EVAC_REACH_OK;
    else if (self->silent >= SILENT_MAX)
        self->resolver = EVAC_REACH_FAIL;
}

static void ask_resolver(struct evac_daemon *daemon, uint64_t now_ms)
{
    struct daemon_self *self = &daemon->self;
    const struct evac_host *host = daemon_host(daemon);
    if (!self->name[0]) {
        self->resolver = EVAC_REACH_ABSENT;
        return;
    }
    if (self->asking || now_ms < self->ask_due_ms)
        return;
    self->ask_due_ms = now_ms + ASK_EVERY_MS;
    self->asking =
        host->dns(host->ctx, evac_str(self->name), "A", daemon->model->controller.resolver,
                  ASK_WAIT_MS, on_answer, self, NULL) == EVAC_OK;
}

/* --- once a second --- */

static uint32_t to_u32(uint64_t value)
{
    return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

void daemon_self_jumped(struct evac_daemon *daemon)
{
    daemon->self.jumped_ms = evac_daemon_now_ms(daemon);
}

void daemon_self_configured(struct evac_daemon *daemon)
{
    find_name(daemon);
    if (daemon->self.felt_ms == 0) /* the first second can be late, too */
        daemon->self.felt_ms = evac_daemon_now_ms(daemon);
    daemon->self.ask_due_ms = 0;
    daemon->self.silent = 0;
    daemon->self.resolver = EVAC_REACH_ABSENT; /* until it has answered, or not */
}

void daemon_self_feel(struct evac_daemon *daemon)
{
    struct daemon_self *self = &daemon->self;
    struct evac_event event = { .kind = EVAC_EVENT_SELF };
    struct evac_self_signs *signs = &event.u.self.signs;
    struct evac_probes_load load = { 0, 0 };
    uint64_t now = evac_daemon_now_ms(daemon);
    if (daemon->probes)
        load = evac_probes_load(daemon->probes);
    look_at_files(self, now);
    daemon_feel_shortage(daemon);
    ask_resolver(daemon, now);

    signs->loop_lag_ms = to_u32(self->longest_ms);
    if (now > self->felt_ms + SECOND_MS)
        signs->timer_slip_ms = to_u32(now - self->felt_ms - SECOND_MS);
    signs->files = self->files;
    signs->files_max = self->files_max;
    signs->queued = load.queued;
    signs->probes = load.targets;
    signs->clock_jumped = self->jumped_ms && now - self->jumped_ms < JUMP_COUNTS_MS;
    event.u.self.resolver = self->resolver;
    self->felt_ms = now;
    self->longest_ms = 0;
    daemon_event(daemon, &event);
}
