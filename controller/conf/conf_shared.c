/* A journal that several controllers share: settings that mean something only together. Whether its
 * times hold together is asked of the one who keeps them (evac_model_check). */
#include "conf_read.h"

static bool is_twice(const struct evac_shared_conf *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (evac_str_eq(s->controllers[k].name, s->controllers[i].name))
            return true;
    return false;
}

void conf_finish_shared(struct conf_reader *r, const config_setting_t *group, void *at,
                        const struct conf_given *given)
{
    const struct evac_shared_conf *s = at;
    int line = s->place.line ? s->place.line : conf_line(group);
    (void)given;
    for (size_t i = 0; i < s->controller_count; i++)
        if (is_twice(s, i))
            CONF_ERROR(r, s->controllers[i].place.line,
                       "shared.controllers: \"%.*s\" is there twice; allowed: each name once",
                       EVAC_STR_ARG(s->controllers[i].name));
    if ((s->cert.n == 0) != (s->key.n == 0))
        CONF_ERROR(r, line, "shared: certificate and key go together");
    if ((s->user.n == 0) != (s->password.n == 0))
        CONF_ERROR(r, line, "shared: user and password go together");
}
