/*
 * Finding secrets in any text, at the speed of memory: one pass looks for the beginnings of known
 * tokens and for words such as "password"; only what stands behind them is looked at closely, and
 * checked without a network (checksums, structure, entropy, placeholders).
 *
 * To add a token: its row in secret_table.c.
 */
#ifndef LINT_SECRET_SCAN_H
#define LINT_SECRET_SCAN_H

#include "base/base.h"

enum secret_charset {
	SECRET_ALNUM = 1u << 0,
	SECRET_HEX = 1u << 1,    /* both cases */
	SECRET_URL64 = 1u << 2,  /* alnum - _ */
	SECRET_BASE64 = 1u << 3, /* alnum + / = */
	SECRET_WORD = 1u << 4,   /* alnum _ */
	SECRET_DOTTED = 1u << 5, /* alnum - _ . */
	SECRET_BASE32 = 1u << 6, /* A-Z 2-7 */
	SECRET_UPPER = 1u << 7,  /* A-Z 0-9 */
};

enum secret_check {
	SECRET_NO_CHECK,
	SECRET_CRC62,       /* the last six characters are the CRC-32 of those before, in base 62 */
	SECRET_GRAFANA,     /* 32 characters, '_', 8 hex digits */
	SECRET_SENDGRID,    /* 22 '.' 43 */
	SECRET_JWT,         /* three parts, the first is JSON with "alg" */
	SECRET_PEM,         /* a private key with a body */
	SECRET_PEM_BASE64,  /* the same in base64 */
	SECRET_URL,         /* ://user:password@host */
	SECRET_DOCKER_AUTH, /* "auth": base64 of user:password */
	SECRET_OPENAI,      /* the mark in the middle of sk-…T3BlbkFJ… */
	SECRET_TELEGRAM,    /* digits before :AA… */
	SECRET_MAILCHIMP,   /* 32 hex digits before -us1 */
	SECRET_TERRAFORM,   /* 14 characters before .atlasv1. */
	SECRET_ASSIGNED,    /* any value behind it, quoted or not: _authToken= */
	SECRET_AWS,         /* 40 characters of base64, assigned */
	SECRET_GENERIC,     /* a word: what is assigned to it has to look random */
};

struct secret_detector {
	const char *slug;
	const char *what;     /* "a GitHub token" */
	const char *literals; /* blank-separated; three bytes or more each, four are faster */
	unsigned charset;     /* of what follows */
	uint16_t min, max;    /* how much of it */
	enum secret_check check;
	bool is_warning; /* else an error */
};

extern const struct secret_detector secret_detectors[];
extern const size_t secret_n_detectors;

struct secret_hit {
	const struct secret_detector *detector;
	size_t start, end; /* of the secret itself */
};

/* The tables of the search, made once; read by any number of threads. */
struct secret_search;
struct secret_search *secret_search_new(void);
void secret_search_free(struct secret_search *search);

/* In order of their beginnings; each byte belongs to one secret at most. */
void secret_scan(const struct secret_search *search, const char *text, size_t len,
                 void (*hit)(void *context, const struct secret_hit *hit), void *context);

/* Bits per character. */
double secret_entropy(const char *text, size_t len);
/* A value nobody would think up: no path, no words, no placeholder, enough entropy. */
bool secret_is_random(const char *text, size_t len);
/* "changeme", "xxxx", "<token>", "${TOKEN}", an example, a sequence. */
bool secret_is_placeholder(const char *text, size_t len);

#endif
