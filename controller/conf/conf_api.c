/* What may listen, and whose word counts: settings that mean something only together. */
#include "conf_read.h"
#include "people.h"

#include <arpa/inet.h>
#include <string.h>

/* "127.0.0.1:8443" and "[::1]:8443": the form was checked before. */
static bool is_loopback(struct evac_str address)
{
    return evac_str_starts(address, "127.") || evac_str_starts(address, "[::1]:");
}

void conf_finish_listen(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    const struct evac_listen_conf *l = at;
    (void)group;
    if (!l->certificate.n && l->address.n && !is_loopback(l->address))
        CONF_ERROR(
            r, l->place.line,
            "listen: \"%.*s\" has no TLS; allowed: tls = { certificate = ...; key = ...; }, or "
            "a loopback address (127.0.0.1, [::1])",
            EVAC_STR_ARG(l->address));
    if (l->certificate.n && !l->key.n)
        CONF_ERROR(r, l->place.line, "listen: tls.certificate without tls.key");
    if (!l->certificate.n && (l->key.n || l->client_ca.n || conf_is_given(given, "tls.clients")))
        CONF_ERROR(r, l->place.line, "listen: tls without tls.certificate");
    if (l->clients == EVAC_CLIENTS_REQUIRED && !l->client_ca.n)
        CONF_ERROR(r, l->place.line,
                   "listen: tls.clients is \"required\", but tls.client_ca does not say whose");
}

static void need_https(struct conf_reader *r, int line, const char *what, struct evac_str url)
{
    if (url.n && !evac_str_starts(url, "https://"))
        CONF_ERROR(r, line, "oidc.%s: found \"%.*s\"; allowed: an https:// address", what,
                   EVAC_STR_ARG(url));
}

void conf_finish_oidc(struct conf_reader *r, const config_setting_t *group, void *at,
                      const struct conf_given *given)
{
    const struct evac_oidc_conf *o = at;
    (void)group;
    (void)given;
    need_https(r, o->place.line, "issuer", o->issuer);
    need_https(r, o->place.line, "jwks", o->jwks);
    if (o->keep_ms < o->refresh_ms)
        CONF_ERROR(r, o->place.line, "oidc: keep is shorter than refresh");
}

/* "uid:ann" would not be found to be "uid:1000(ann)". */
void conf_finish_approver(struct conf_reader *r, const config_setting_t *group, void *at,
                          const struct conf_given *given)
{
    const struct evac_approver_conf *a = at;
    struct evac_str who, kind = evac_str_cut(a->person, ':', &who);
    bool one = evac_str_is(kind, "oidc") || evac_str_is(kind, "cert") ||
               (evac_str_is(kind, "uid") && who.n && who.p[0] >= '0' && who.p[0] <= '9');
    (void)group;
    (void)given;
    if (a->person.n && !one)
        CONF_ERROR(r, a->place.line,
                   "approver.person: found \"%.*s\"; allowed: one person, as \"uid:1000\", "
                   "\"oidc:SUBJECT\" or \"cert:NAME\"",
                   EVAC_STR_ARG(a->person));
}

/* --- people
 * ----------------------------------------------------------------------------------- */

void conf_finish_person(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    const struct evac_person_conf *p = at;
    (void)group;
    (void)given;
    for (size_t i = 0; i < p->principal_count; i++)
        if (evac_principal_is_many(p->principals[i]))
            CONF_ERROR(r, p->place.line,
                       "person.principals: found \"%.*s\", which may be many; allowed: what one "
                       "person alone is called",
                       EVAC_STR_ARG(p->principals[i]));
}

void conf_check_people(struct conf_reader *r, const struct evac_controller_conf *conf)
{
    for (size_t i = 0; i < conf->person_count; i++) {
        const struct evac_person_conf *p = &conf->people[i];
        for (size_t k = 0; k < p->principal_count; k++) {
            const struct evac_person_conf *first = evac_people_find(conf, p->principals[k]);
            if (first && first != p)
                CONF_ERROR(
                    r, p->place.line,
                    "people: \"%.*s\" is of \"%.*s\" and of \"%.*s\"; allowed: of one person",
                    EVAC_STR_ARG(p->principals[k]), EVAC_STR_ARG(first->name),
                    EVAC_STR_ARG(p->name));
        }
    }
}
