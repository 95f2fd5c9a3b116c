/* The pages' style, as text in the binary (made at build from page.css). */
#ifndef EVAC_BUILTIN_PAGES_H
#define EVAC_BUILTIN_PAGES_H

#include "conf.h"

extern const struct evac_conf_text evac_builtin_pages[];
extern const size_t evac_builtin_page_count;
#endif
