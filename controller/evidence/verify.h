/* Checking a bundle: without a controller, a configuration or a network. */
#ifndef EVAC_VERIFY_H
#define EVAC_VERIFY_H

#include "jw.h"
#include "key.h"

#define EVAC_CHECKS(X)                                                                             \
    X(ARCHIVE, "archive", "the archive is whole, and holds nothing but its files")                 \
    X(SIGNATURE, "signature", "the manifest is signed by the key that the bundle names")           \
    X(FILES, "files", "each file is as the manifest says, none is missing, none is more")          \
    X(ROWS, "rows", "each row's hash fits its content, and the row before it")                     \
    X(TREE, "tree", "the rows have the root that the checkpoint signs")                            \
    X(VIEWS, "views", "reports, plans, deficiencies and trend follow from the rows")               \
    X(TRUST, "trust", "the key is the one that you trust")
#define X(name, text, doc) EVAC_CHECK_##name,
enum evac_check { EVAC_CHECKS(X) EVAC_CHECK_COUNT };
#undef X
const char *evac_check_name(enum evac_check check);

enum evac_checked { EVAC_CHECKED_GOOD, EVAC_CHECKED_BAD, EVAC_CHECKED_NOT };

/* What is wrong, and where. */
struct evac_verify_finding {
    enum evac_check check;
    char file[128]; /* "" the bundle */
    uint64_t row;   /* 0: no row */
    bool missing;   /* something is not there, rather than altered */
    char text[300];
};
#define EVAC_VERIFY_FINDINGS_MAX 64u

struct evac_verify {
    enum evac_checked checks[EVAC_CHECK_COUNT];
    struct evac_verify_finding findings[EVAC_VERIFY_FINDINGS_MAX];
    size_t finding_count;
    /* What the bundle says of itself. */
    char app[128], origin[128], made_by[128], version[32], fingerprint[65];
    int64_t made_ms;
    uint64_t journal_rows, rows, runs;
};

/* trusted NULL: nobody vouches for the key. version: of this evac; what another one wrote may look
 * different, and is not compared. */
void evac_verify_bundle(struct evac_str archive, const struct evac_key *trusted,
                        const char *version, struct evac_verify *ret);

/* 0 good; 3 something is missing or out of order; 4 something was altered; 5 a signature or a key
 * is wrong; 6 all of it holds together, but nobody vouches for the key. The worst one counts. */
int evac_verify_exit(const struct evac_verify *verify);

void evac_verify_text(const struct evac_verify *verify, struct evac_buf *out);
void evac_verify_json(const struct evac_verify *verify, struct evac_jw *w);
#endif
