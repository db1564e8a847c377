/*
 * Every maximum that keeps outside data from choosing our memory, in one list. Exceeding one is
 * ERR_LIMIT with the number in the message.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define LIMIT_DOC_BYTES (64u << 20)      /* one YAML or JSON file */
#define LIMIT_DEPTH 100u                 /* nesting of a document */
#define LIMIT_NODES 2000000u             /* values in one file, aliases counted expanded */
#define LIMIT_KEY_BYTES 4096u            /* one map key */
#define LIMIT_DOCS_PER_FILE 100000u      /* YAML documents in one file */
#define LIMIT_CONTENT_BYTES (256u << 20) /* content of one managed file */
#define LIMIT_OBJECTS 200000u            /* objects of one apply */
#define LIMIT_TREE_FILES 200000u         /* files listed in a source tree */
#define LIMIT_LINT_FILES 1000000u        /* files checked in one run */
#define LIMIT_PATH_BYTES 4096u           /* one path */
#define LIMIT_CHILD_OUTPUT_BYTES (1u << 20) /* captured output of a child process, per stream */
#define LIMIT_DIFF_LINES 200000u         /* lines per side of a text diff */
#define LIMIT_SETTINGS_BYTES (1u << 20)  /* settings file, fettle.yaml */
#define LIMIT_PLAN_BYTES (256u << 20)    /* saved plan */
#define LIMIT_HTTP_HEAD_BYTES 8192u      /* request head of our own server */
#define LIMIT_HTTP_BODY_BYTES (64u << 20) /* response body kept in memory */
#define LIMIT_KUBE_ANSWER_BYTES (64u << 20) /* one answer of an API server */
#define LIMIT_AGE_HEADER_BYTES (4u << 20) /* header of an age file */
#define LIMIT_AGE_STANZAS 20000u          /* ways into one age file */
#define LIMIT_AGE_KEY_FILE_BYTES (16u << 20) /* recipients or identity file */
#define LIMIT_AGE_PLUGIN_BYTES (64u << 20) /* what a plugin may say in one session */

#endif
