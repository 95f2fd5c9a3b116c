#include "aws_io.h"

#include <stdlib.h>

/* Outlives the client if need be: the host calls back exactly once, and then it is freed. */
struct ticket {
    struct evac_aws_io *io; /* NULL: nobody listens any more */
    struct ticket *next, **back;
    evac_http_done_fn *http;
    evac_exec_done_fn *exec;
    void *user;
    uint64_t http_id;
};

struct evac_aws_io {
    const struct evac_host *host;
    struct ticket *tickets;
};

struct evac_aws_io *evac_aws_io_new(const struct evac_host *host)
{
    struct evac_aws_io *io = calloc(1, sizeof *io);
    if (!io)
        abort();
    io->host = host;
    return io;
}

static struct ticket *ticket_new(struct evac_aws_io *io, void *user)
{
    struct ticket *t = calloc(1, sizeof *t);
    if (!t)
        abort();
    t->io = io;
    t->user = user;
    t->next = io->tickets;
    t->back = &io->tickets;
    if (t->next)
        t->next->back = &t->next;
    io->tickets = t;
    return t;
}

static void ticket_unlink(struct ticket *t)
{
    *t->back = t->next;
    if (t->next)
        t->next->back = t->back;
    t->io = NULL;
}

void evac_aws_io_free(struct evac_aws_io *io)
{
    if (!io)
        return;
    while (io->tickets) {
        struct ticket *t = io->tickets;
        ticket_unlink(t);
        if (t->http)
            io->host->http_cancel(io->host->ctx, t->http_id);
    }
    free(io);
}

static void http_done(void *user, const struct evac_http_reply *reply)
{
    struct ticket *t = user;
    struct ticket copy = *t;
    if (t->io)
        ticket_unlink(t);
    free(t);
    if (copy.io)
        copy.http(copy.user, reply);
}

static void exec_done(void *user, const struct evac_exec_reply *reply)
{
    struct ticket *t = user;
    struct ticket copy = *t;
    if (t->io)
        ticket_unlink(t);
    free(t);
    if (copy.io)
        copy.exec(copy.user, reply);
}

enum evac_code evac_aws_io_http(struct evac_aws_io *io, const struct evac_http_request *request,
                                evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err)
{
    struct ticket *t = ticket_new(io, user);
    t->http = done;
    enum evac_code code = io->host->http(io->host->ctx, request, http_done, t, &t->http_id, err);
    if (code == EVAC_OK) {
        *ret_id = t->http_id;
        return EVAC_OK;
    }
    ticket_unlink(t);
    free(t);
    return code;
}

void evac_aws_io_cancel(struct evac_aws_io *io, uint64_t id)
{
    io->host->http_cancel(io->host->ctx, id);
}

enum evac_code evac_aws_io_exec(struct evac_aws_io *io, const struct evac_exec_request *request,
                                evac_exec_done_fn *done, void *user, struct evac_err *err)
{
    struct ticket *t = ticket_new(io, user);
    t->exec = done;
    enum evac_code code = io->host->exec(io->host->ctx, request, exec_done, t, err);
    if (code == EVAC_OK)
        return EVAC_OK;
    ticket_unlink(t);
    free(t);
    return code;
}
