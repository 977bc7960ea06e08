/* Logs that a map of the configuration explains: events_file.c. */
#ifndef AFD_COLLECTOR_EVENTS_FILE_H
#define AFD_COLLECTOR_EVENTS_FILE_H

#define AFD_EVENTS_EVIDENCE "account-events"

#endif
