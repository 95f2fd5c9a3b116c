/*
 * A bundle: the evidence of one run, or of an app over time, as one file that is checked on a
 * machine without a controller. A tar archive of
 *
 *   README.txt                  what it is, and how to check it without evac
 *   manifest.json               of what, when, by whom; every file with its SHA-256
 *   manifest.note               the manifest's hash, signed (Ed25519, C2SP signed-note)
 *   key.pub                     the public key, PEM; its fingerprint must be known from elsewhere
 *   checkpoint.note             the journal's size and Merkle root, signed
 *   journal.jsonl               the rows, and the hashes that tie them to the root (see rows.h)
 *   runs/N/report.json .html .txt, plan.json
 *   deficiencies.json
 *   trend.json .html .txt       of an app
 *   mapping.json .html          which requirement each part supports
 */
#ifndef EVAC_BUNDLE_H
#define EVAC_BUNDLE_H

#include "key.h"
#include "store.h"

#define EVAC_BUNDLE_MAX  (48u << 20)
#define EVAC_BUNDLE_FILE ".evac-evidence"

struct evac_bundle_request {
    struct evac_store *store;
    const struct evac_key *key;
    struct evac_str node; /* the journal's origin is "evac/" and this */
    uint64_t run;         /* 0: all of the app since then */
    struct evac_str app;  /* "": the run's */
    int64_t since_ms, now_ms;
    struct evac_str who;
    const char *version; /* of evac */
};

struct evac_bundle_made {
    char name[160]; /* what to call the file */
    uint64_t rows, runs;
    char sha256[65];
};

/* The archive is appended to out, which has a ceiling of EVAC_BUNDLE_MAX or more. NOTFOUND: no such
 * run, no run of the app. REFUSED: the run goes on. */
enum evac_code evac_bundle_make(const struct evac_bundle_request *request, struct evac_buf *out,
                                struct evac_bundle_made *ret_made, struct evac_err *err);

/* --- what making and checking share ----------------------------------------------------------- */

/* Made anew from the rows: name ends as in the list above. False: no such file is made from rows.
 */
struct evac_bundle_subject {
    struct evac_store *store;
    struct evac_str app;
    int64_t since_ms, made_ms;
};
enum evac_code evac_bundle_file(const struct evac_bundle_subject *subject, struct evac_str name,
                                struct evac_buf *out, struct evac_err *err);
bool evac_bundle_is_made(struct evac_str name);

/* What is signed of a manifest. */
void evac_bundle_manifest_text(struct evac_str manifest, struct evac_buf *out);
#endif
