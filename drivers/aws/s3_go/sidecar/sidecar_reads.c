#include "sidecar_internal.h"

#include "log.h"

static void tell(struct sidecar *s, size_t copy, bool good, struct evac_str why)
{
    struct copy_reads *reads = &s->reads[copy];
    if (good)
        reads->good++;
    else
        reads->lost++;
    if (s->stopping || (reads->told && reads->was_good == good))
        return;
    reads->told = true;
    reads->was_good = good;
    evac_log(good ? EVAC_LOG_INFO : EVAC_LOG_WARN, good ? "copy_read" : "copy_lost",
             "app=%s region=%s bucket=%s reason=\"%.*s\"", s->o->app, s->o->copies[copy].region,
             s->o->copies[copy].bucket, EVAC_STR_ARG(why));
}

static void lose(struct sidecar *s, size_t copy, uint64_t sent_ms, struct evac_str why)
{
    evac_fence_lost(s->fence, copy, sent_ms, sidecar_now(s));
    tell(s, copy, false, why);
}

static void on_reply(void *user, const struct evac_aws_reply *reply)
{
    struct copy_read *read = user;
    struct sidecar *s = read->sidecar;
    read->open = false;
    if (s->reads[read->copy].newest == read)
        s->reads[read->copy].newest = NULL;
    if (reply->status == 200 && reply->http) {
        evac_fence_heard(s->fence, read->copy, read->sent_ms, sidecar_now(s), reply->http->body);
        tell(s, read->copy, true, EVAC_STR_NONE);
    } else {
        lose(s, read->copy, read->sent_ms, reply->code.n ? reply->code : reply->message);
    }
    if (!s->stopping)
        sidecar_publish(s);
}

/* Given up before the next round begins. */
static uint32_t patience_ms(struct sidecar *s)
{
    struct evac_fence_state state;
    evac_fence_may_write(s->fence, sidecar_now(s), &state);
    uint64_t third = state.lease_ms / 3;
    return (uint32_t)(third - third / 10);
}

static enum evac_code send_read(struct copy_read *read, struct evac_err *err)
{
    struct sidecar *s = read->sidecar;
    const struct fence_copy_option *copy = &s->o->copies[read->copy];
    struct evac_buf path;
    evac_buf_init(&path, 4096);
    evac_buf_putc(&path, '/');
    evac_buf_uri(&path, evac_str(copy->key), true);
    const struct evac_aws_request request = { .service = "s3",
                                              .operation = "GetObject",
                                              .method = "GET",
                                              .region = evac_str(copy->region),
                                              .bucket = evac_str(copy->bucket),
                                              .path = evac_buf_str(&path),
                                              .total_ms = patience_ms(s) };
    enum evac_code code = evac_aws_send(s->aws, &request, on_reply, read, &read->id, err);
    evac_buf_done(&path);
    return code;
}

static struct copy_read *free_slot(struct copy_reads *reads)
{
    for (size_t i = 0; i < COPY_READS_MAX; i++)
        if (!reads->slots[i].open)
            return &reads->slots[i];
    return NULL;
}

static void read_one(struct sidecar *s, size_t copy, uint64_t sent_ms)
{
    struct copy_reads *reads = &s->reads[copy];
    struct evac_err err = { EVAC_OK, "" };
    if (reads->newest)
        evac_aws_cancel(s->aws, reads->newest->id);
    struct copy_read *read = free_slot(reads);
    if (!read) {
        lose(s, copy, sent_ms, EVAC_STR("earlier reads have not ended"));
        return;
    }
    *read = (struct copy_read){ .sidecar = s, .copy = copy, .sent_ms = sent_ms };
    if (send_read(read, &err)) {
        lose(s, copy, sent_ms, evac_str(err.text));
        return;
    }
    read->open = true;
    reads->newest = read;
}

void sidecar_read_all(struct sidecar *s)
{
    uint64_t now = sidecar_now(s);
    evac_fence_begin(s->fence, now);
    for (size_t i = 0; i < s->o->copy_count; i++)
        read_one(s, i, now);
}
