/* A code for the program to branch on, a sentence for the person. */
#ifndef EVAC_ERR_H
#define EVAC_ERR_H

/* One X(NAME, meaning) a line; enum, names and texts come from here. */
#define EVAC_CODES(X)                                                                              \
    X(TOOBIG, "the input is larger than this place allows")                                        \
    X(BADCONF, "the configuration does not make sense")                                            \
    X(BADARG, "an argument is missing or not allowed")                                             \
    X(PARSE, "the text is not well formed")                                                        \
    X(CYCLE, "steps wait on each other")                                                           \
    X(BADDRIVER, "the driver does not fit this controller")                                        \
    X(NOTFOUND, "there is no such thing")                                                          \
    X(EXISTS, "there is one already")                                                              \
    X(REFUSED, "a rule forbids it")                                                                \
    X(BUSY, "something else holds it")                                                             \
    X(STALE, "it changed since it was read")                                                       \
    X(AUTH, "credentials are missing, wrong or expired")                                           \
    X(UNREACHABLE, "the other side can not be reached")                                            \
    X(TIMEOUT, "it took longer than allowed")                                                      \
    X(IO, "the system refused a read or write")                                                    \
    X(STORE, "the journal could not be written")                                                   \
    X(CORRUPT, "stored data does not add up")                                                      \
    X(VERSION, "it was written by a newer version")                                                \
    X(UNSUPPORTED, "this is not implemented for that case")                                        \
    X(FORBIDDEN, "the caller's roles do not allow it")                                             \
    X(NOLEAD, "this controller does not hold the lead")

#define X(name, text) EVAC_E_##name,
enum evac_code { EVAC_OK = 0, EVAC_CODES(X) EVAC_CODE_COUNT };
#undef X

struct evac_err {
    enum evac_code code;
    char text[400]; /* cut, never overrun: outer frames prefix it */
};

/* Set err (which may be NULL) and return code, so that a failure is one line. */
enum evac_code evac_fail(struct evac_err *err, enum evac_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Put what an outer frame was doing before the text that err holds; returns err's code. */
enum evac_code evac_err_prefix(struct evac_err *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "BADCONF" and so on; "OK" for EVAC_OK. Never NULL. */
const char *evac_code_name(enum evac_code code);

/* The sentence from the list above. Never NULL. */
const char *evac_code_text(enum evac_code code);

#endif
