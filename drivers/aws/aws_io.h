/* HTTP exchanges and programs of one client, which may die before they end: whoever frees this
 * hears nothing any more, though the host still calls back. */
#ifndef EVAC_AWS_IO_H
#define EVAC_AWS_IO_H

#include "evac/host.h"

struct evac_aws_io;

struct evac_aws_io *evac_aws_io_new(const struct evac_host *host);
/* Cancels what is open; its callbacks do not run. */
void evac_aws_io_free(struct evac_aws_io *io);

/* As the host's. */
enum evac_code evac_aws_io_http(struct evac_aws_io *io, const struct evac_http_request *request,
                                evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                struct evac_err *err);
void evac_aws_io_cancel(struct evac_aws_io *io, uint64_t id);
enum evac_code evac_aws_io_exec(struct evac_aws_io *io, const struct evac_exec_request *request,
                                evac_exec_done_fn *done, void *user, struct evac_err *err);
#endif
