/*
 * Resources as documents: for services whose state is a few members that requests set and time
 * moves. A document is what the service's own Describe would show, in JSON; it belongs to a
 * service, a region and a kind, and has a name. Members may be told to change later, by AWS's
 * durations; what belongs to a region that is down waits until the region is back.
 */
#ifndef EVAC_SANDBOX_DOCS_H
#define EVAC_SANDBOX_DOCS_H

#include "sandbox_internal.h"

#define SB_ANYWHERE SB_REGIONS_MAX /* the region of what belongs to no one region */
#define SB_DUES_MAX 8u

struct cJSON;

struct sb_doc {
    struct sb_doc *next;
    enum sb_service_id id;
    size_t region;
    char kind[24], name[256];
    struct cJSON *json;
    struct sb_due {
        uint64_t at_ms;
        char path[64];
        struct cJSON *value;
    } due[SB_DUES_MAX];
    size_t due_count;
};

/* One that was there already is begun anew. NULL: there are too many. */
struct sb_doc *sb_doc_new(struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                          const char *kind, struct evac_str name);
struct sb_doc *sb_doc_find(const struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                           const char *kind, struct evac_str name);
/* The next one of a kind in a region, in the order of their making; after NULL the first. */
struct sb_doc *sb_doc_next(const struct evac_sandbox *sb, enum sb_service_id id, size_t region,
                           const char *kind, const struct sb_doc *after);
void sb_doc_drop(struct evac_sandbox *sb, struct sb_doc *doc);

/* By path: "KeyMetadata.KeyState". Setters make what is missing on the way. */
struct evac_str sb_doc_text(const struct sb_doc *doc, const char *path); /* "" unless a text */
int64_t sb_doc_num(const struct sb_doc *doc, const char *path, int64_t fallback);
bool sb_doc_is(const struct sb_doc *doc, const char *path, const char *text);
bool sb_doc_has(const struct sb_doc *doc, const char *path);
void sb_doc_set_text(struct sb_doc *doc, const char *path, struct evac_str text);
void sb_doc_set_num(struct sb_doc *doc, const char *path, double number);
/* A JSON value. */
void sb_doc_set(struct sb_doc *doc, const char *path, const char *json);
void sb_doc_unset(struct sb_doc *doc, const char *path);
/* The same, when so much of AWS's time has passed. A later word on the same path takes the place of
 * an earlier one. */
void sb_doc_later(struct evac_sandbox *sb, struct sb_doc *doc, uint64_t real_ms, const char *path,
                  const char *json);
/* Copies a member of the request, when it is there. */
void sb_doc_take(const struct sb_call *c, struct sb_doc *doc, const char *path, const char *member);
/* A document of the call's region, or anywhere; else the call is answered with that error. */
struct sb_doc *sb_doc_named(struct sb_call *c, size_t region, const char *kind,
                            struct evac_str name, int status, const char *code);
/* The last part of an ARN or a path: after the last ':' or '/'. */
struct evac_str sb_short_name(struct evac_str name);
/* The whole document, or the member at path. */
void sb_doc_put(struct evac_buf *out, const struct sb_doc *doc, const char *path);
/* The same as XML; a list's elements are named by names ("Members", "Member"; NULL ends), else
 * "member". */
void sb_doc_xml(struct evac_buf *out, const struct sb_doc *doc, const char *const (*names)[2]);

/* What control's make knows of a service: `make lambda us-west-2
 * {"kind":"function","name":"x",...}` merges the rest over the kind's defaults. In defaults,
 * "{name}", "{region}" and "{account}" are filled in. */
struct sb_kind {
    const char *kind; /* NULL ends the list */
    const char *defaults;
    bool anywhere;
    void (*made)(struct evac_sandbox *sb, struct sb_doc *doc); /* NULL none */
};
enum evac_code sb_docs_make(struct evac_sandbox *sb, enum sb_service_id id,
                            const struct sb_kind *kinds, size_t region,
                            const struct evac_json *json, struct evac_err *err);
/* A document of a kind with its defaults, as make does. */
struct sb_doc *sb_doc_of_kind(struct evac_sandbox *sb, enum sb_service_id id,
                              const struct sb_kind *kinds, const char *kind, size_t region,
                              struct evac_str name);
/* `,"lambda":[{"region":...,"kind":...,"name":...,"is":{...}}]` */
void sb_docs_truth(const struct evac_sandbox *sb, enum sb_service_id id, struct evac_buf *json);

/* The core's. */
uint64_t sb_docs_wake(const struct evac_sandbox *sb);
void sb_docs_advance(struct evac_sandbox *sb);
void sb_docs_free(struct evac_sandbox *sb);

/* make and truth of a service that is nothing but its documents. */
#define SB_DOCS(NAME, kinds)                                                                       \
    static enum evac_code make(struct evac_sandbox *sb, size_t region,                             \
                               const struct evac_json *json, struct evac_err *err)                 \
    {                                                                                              \
        return sb_docs_make(sb, SB_##NAME, kinds, region, json, err);                              \
    }                                                                                              \
    static void truth(const struct evac_sandbox *sb, struct evac_buf *json)                        \
    {                                                                                              \
        sb_docs_truth(sb, SB_##NAME, json);                                                        \
    }

#endif
