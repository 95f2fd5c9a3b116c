#ifndef EVAC_VERSION_H
#define EVAC_VERSION_H
#define EVAC_VERSION "0.1.0"
#endif
