/* What host_uv.c, host_http.c and host_exec.c share. */
#ifndef EVAC_HOST_INTERNAL_H
#define EVAC_HOST_INTERNAL_H

#include "host_names.h"
#include "host_uv.h"

/* Numbers for things that come and go: an old number finds nothing, even when its place was given
 * away. */
struct evac_ids {
    struct {
        void *thing;
        uint32_t generation;
    } * slots;
    size_t count, used, max;
    uint32_t free_hint;
};
uint64_t evac_ids_add(struct evac_ids *ids, void *thing); /* 0: full */
void *evac_ids_find(const struct evac_ids *ids, uint64_t id);
void evac_ids_remove(struct evac_ids *ids, uint64_t id);

struct evac_host_http;
struct evac_host_exec;

struct evac_host_uv {
    uv_loop_t *loop;
    struct evac_dns *dns;
    struct evac_names *names;
    struct evac_host_http *http;
    struct evac_host_exec *exec;
    struct evac_ids timers;
    char *ca_file;
    size_t held; /* handles not yet closed, and the owner */
    bool closing;
    size_t chance_left; /* of chance, which the system gave and nobody was given yet */
    unsigned char chance[256];
};

/* Each handle holds the host's memory until its close callback lets go. */
void evac_host_uv_hold(struct evac_host_uv *host);
void evac_host_uv_let_go(struct evac_host_uv *host);
/* Or closed: then host is NULL. */
bool evac_host_uv_is_closing(const struct evac_host_uv *host);

enum evac_code evac_host_http_new(struct evac_host_uv *host, struct evac_host_http **ret_http,
                                  struct evac_err *err);
void evac_host_http_close(struct evac_host_http *http);
enum evac_code evac_host_http_send(void *ctx, const struct evac_http_request *request,
                                   evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err);
void evac_host_http_cancel(void *ctx, uint64_t id);
enum evac_code evac_host_mail_send(void *ctx, const struct evac_mail_request *request,
                                   evac_http_done_fn *done, void *user, uint64_t *ret_id,
                                   struct evac_err *err);

struct evac_host_exec *evac_host_exec_new(struct evac_host_uv *host);
void evac_host_exec_close(struct evac_host_exec *exec);
enum evac_code evac_host_exec_run(void *ctx, const struct evac_exec_request *request,
                                  evac_exec_done_fn *done, void *user, struct evac_err *err);

#endif
