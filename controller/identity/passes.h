/*
 * Passes, that is tokens and sessions: what the controller itself gave out for people and programs
 * to show. Only digests are kept: what a database of them, or the journal, would give to a thief
 * opens nothing. All of it is the fold of the journal's rows of the kinds TOKEN and SESSION, live
 * and at replay.
 *
 *   TOKEN    name its name; to created, revoked or used; who did it; text a word about it; number
 *            when it ends; data {"id","sha256","owner","roles","granted","apps"}
 *   SESSION  name its id; to begun or ended; who; number when it ends; data {"sha256","principal",
 *            "owner","groups","token","roles","granted","apps"}
 *
 * One thread.
 */
#ifndef EVAC_PASSS_H
#define EVAC_PASSS_H

#include "evac/secret.h"
#include "record.h"
#include "roles.h"

#define EVAC_TOKENS_MAX     1000u /* live */
#define EVAC_SESSIONS_MAX   512u
#define EVAC_TOKEN_LIFE_MAX (INT64_C(90) * 24 * 3600 * 1000)
#define EVAC_SCOPE_APPS_MAX 64u
#define EVAC_PASS_ID        8u /* letters and digits */
#define EVAC_PASS_BITS      43u
#define EVAC_USED_NOTE_MS                                                                          \
    (INT64_C(24) * 3600 * 1000) /* its use is in the journal once in so long */

/* X(KIND, "what it is", "prefix of its text") */
#define EVAC_PASS_KINDS(X)                                                                         \
    X(TOKEN, "token", "evac_")                                                                     \
    X(SESSION, "session", "evacs_")
#define X(name, text, prefix) EVAC_PASS_##name,
enum evac_pass_kind { EVAC_PASS_KINDS(X) EVAC_PASS_KIND_COUNT };
#undef X

struct evac_pass {
    enum evac_pass_kind kind;
    struct evac_str id, name; /* name: a token's */
    uint8_t digest[32];       /* SHA-256 of its text */
    struct evac_str principal;
    struct evac_str person; /* who answers for it: "uid:1000(ann)", "" the principal itself */
    struct evac_str token;  /* SESSION: the id of the token it was opened with; it ends with that */
    struct evac_str made_by; /* who, as the journal has it */
    struct evac_str about;
    const struct evac_str *groups;
    size_t group_count;
    bool scoped;
    struct evac_scope scope;
    int64_t made_ms, ends_ms; /* wall */
    int64_t ended_ms;         /* 0: not before its time */
    struct evac_str ended_by;
    int64_t used_ms, noted_ms; /* last seen; last in the journal; 0 never */
};

struct evac_passes;
struct evac_passes *evac_passes_new(void);
void evac_passes_free(struct evac_passes *passes); /* NULL is fine */

/* A durable row; of any kind, those of others are not looked at. Twice the same changes nothing. */
void evac_passes_row(struct evac_passes *passes, const struct evac_record *record);

/* A session that could not be put into the journal: it lives as long as the process. */
void evac_passes_keep(struct evac_passes *passes, const struct evac_record *record);

size_t evac_passes_count(const struct evac_passes *passes);
/* The oldest first, those that ended lately too. Valid until the next row. */
const struct evac_pass *evac_passes_at(const struct evac_passes *passes, size_t index);
/* NULL when there is none, live or not. A token by its id, else the live one of that name. */
const struct evac_pass *evac_passes_find(const struct evac_passes *passes, enum evac_pass_kind kind,
                                         struct evac_str id_or_name, int64_t wall_ms);
bool evac_pass_is_live(const struct evac_passes *passes, const struct evac_pass *credential,
                       int64_t wall_ms);
size_t evac_passes_live(const struct evac_passes *passes, enum evac_pass_kind kind,
                        int64_t wall_ms);

/* The live credential that text is, in a time that does not tell how near it was; NULL otherwise,
 * *ret_why a sentence for the log (not for whoever asks), and *ret_guessed whether it was never
 * one. Marks it as used. */
const struct evac_pass *evac_passes_check(struct evac_passes *passes, enum evac_pass_kind kind,
                                          struct evac_str text, int64_t wall_ms,
                                          const char **ret_why, bool *ret_guessed);

/* --- making one
 * ---------------------------------------------------------------------------------- */

struct evac_minted {
    char id[EVAC_PASS_ID + 1];
    struct evac_secret text; /* shown once: evac_secret_done() */
    uint8_t digest[32];
};
/* 256 bits of the kernel's randomness. Aborts when the kernel has none. */
void evac_pass_mint(enum evac_pass_kind kind, struct evac_minted *ret_minted);

/* What of a credential goes into its row's data; out: a JSON object. */
void evac_pass_data(const struct evac_pass *credential, struct evac_buf *out);

/* The text of who does something with it (see roles.h), in out; false: it is too long. */
bool evac_pass_who(const struct evac_pass *credential, char out[EVAC_WHO_MAX]);
#endif
