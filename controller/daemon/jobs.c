#include "jobs.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    uint64_t number; /* 0: nothing */
    bool good;
    struct evac_buf json;
    char problem[240];
};

struct evac_jobs {
    uv_timer_t timer;
    struct evac_job job; /* ctx NULL: none goes on */
    uint64_t number, numbers;
    struct kept kept[EVAC_JOBS_KEPT]; /* ring by number */
};

static struct kept *place_of(struct evac_jobs *jobs, uint64_t number)
{
    return &jobs->kept[number % EVAC_JOBS_KEPT];
}

static struct kept *make_place(struct evac_jobs *jobs)
{
    struct kept *kept = place_of(jobs, jobs->number);
    evac_buf_done(&kept->json);
    *kept = (struct kept){ .number = jobs->number };
    evac_buf_init(&kept->json, EVAC_JOB_MAX);
    return kept;
}

static void end_job(struct evac_jobs *jobs, struct kept *kept, const char *problem)
{
    kept->good = problem == NULL;
    if (problem)
        (void)evac_str_copy(kept->problem, sizeof kept->problem, evac_str(problem));
    jobs->job.free(jobs->job.ctx);
    jobs->job.ctx = NULL;
    uv_timer_stop(&jobs->timer);
}

static void finish(struct evac_jobs *jobs)
{
    struct kept *kept = make_place(jobs);
    struct evac_err err = { EVAC_OK, "" };
    struct evac_jw w = { &kept->json, false };
    enum evac_code code = jobs->job.failed ? jobs->job.failed(jobs->job.ctx, &err) : EVAC_OK;
    if (!code) {
        jobs->job.to_json(jobs->job.ctx, &w);
        code = evac_buf_check(&kept->json, "the result", &err);
    }
    end_job(jobs, kept, code ? err.text : NULL);
}

static void slice(uv_timer_t *timer)
{
    struct evac_jobs *jobs = timer->data;
    uint64_t end = uv_hrtime() + EVAC_JOB_SLICE_MS * 1000000u;
    bool more = true;
    while (more && uv_hrtime() < end)
        more = jobs->job.step(jobs->job.ctx);
    if (more)
        uv_timer_start(timer, slice, EVAC_JOB_REST_MS, 0);
    else
        finish(jobs);
}

struct evac_jobs *evac_jobs_new(uv_loop_t *loop)
{
    struct evac_jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        abort();
    uv_timer_init(loop, &jobs->timer);
    jobs->timer.data = jobs;
    return jobs;
}

enum evac_code evac_jobs_begin(struct evac_jobs *jobs, const struct evac_job *job,
                               uint64_t *ret_number, struct evac_err *err)
{
    if (jobs->job.ctx)
        return evac_fail(err, EVAC_E_BUSY, "%s goes on (job %llu): one at a time", jobs->job.what,
                         (unsigned long long)jobs->number);
    jobs->job = *job;
    jobs->number = ++jobs->numbers;
    *ret_number = jobs->number;
    uv_timer_start(&jobs->timer, slice, 0, 0);
    return EVAC_OK;
}

uint64_t evac_jobs_newest(const struct evac_jobs *jobs)
{
    return jobs->numbers;
}

void evac_jobs_cancel(struct evac_jobs *jobs, const char *why)
{
    if (jobs && jobs->job.ctx)
        end_job(jobs, make_place(jobs), why);
}

static void closed(uv_handle_t *handle)
{
    struct evac_jobs *jobs = handle->data;
    for (size_t i = 0; i < EVAC_JOBS_KEPT; i++)
        evac_buf_done(&jobs->kept[i].json);
    free(jobs);
}

void evac_jobs_close(struct evac_jobs *jobs)
{
    if (!jobs)
        return;
    evac_jobs_cancel(jobs, "the controller stops");
    uv_close((uv_handle_t *)&jobs->timer, closed);
}

bool evac_jobs_view(const struct evac_jobs *jobs, uint64_t number, struct evac_jw *w)
{
    const struct kept *kept = &jobs->kept[number % EVAC_JOBS_KEPT];
    bool running = jobs->job.ctx && jobs->number == number;
    uint64_t done = 0, all = 0;
    if (!running && (number == 0 || kept->number != number))
        return false;
    if (running)
        jobs->job.progress(jobs->job.ctx, &done, &all);
    evac_jw_open(w, NULL, '{');
    evac_jw_i64(w, "job", (int64_t)number);
    evac_jw_cstr(w, "state", running ? "running" : kept->good ? "done" : "failed");
    evac_jw_known(w, "done", running, (int64_t)done);
    evac_jw_known(w, "of", running, (int64_t)all);
    evac_jw_cstr(w, "problem", running || kept->good ? NULL : kept->problem);
    evac_jw_raw(w, "result", running || !kept->good ? EVAC_STR_NONE : evac_buf_str(&kept->json));
    evac_jw_close(w, '}');
    return true;
}
