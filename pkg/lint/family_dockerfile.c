/* Rules about the instructions of a Dockerfile. */
#include "base/base.h"

#include "lint/family_dockerfile.h"

#include <ctype.h>

#include "base/glob.h"
#include "base/num.h"
#include "base/suggest.h"
#include "lint/lint_families.h"
#include "lint/lint_fix.h"

void dockerfile_hit(const struct dockerfile_check *c, enum dockerfile_rule rule, size_t start,
                    size_t end, const struct lint_fix *fix, const char *fmt, ...)
{
	AUTO(str) message = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&message, fmt, args);
	va_end(args);
	const struct lint_rule *row = &dockerfile_rules[rule];
	if (dockerfile_config_names(&c->config->ignored, row))
		return;
	struct lint_hit hit = { .rule = row, .start = start, .end = end, .fix = fix };
	for (int level = LINT_INFO; level <= LINT_ERROR; level++)
		if (dockerfile_config_names(&c->config->levels[level], row)) {
			hit.has_severity = true;
			hit.severity = (uint8_t)level;
		}
	lint_report_hit(c->file, &hit, "%s", message.ptr);
}

const struct lint_fix *dockerfile_replace(const struct dockerfile_check *c, bool is_unsafe,
                                          size_t start, size_t end, const char *text,
                                          const char *what)
{
	const struct lint_edit edit = { start, end, text, strlen(text) };
	return lint_fix_edits(c->file, is_unsafe, &edit, 1, "%s", what);
}

static bool is_name(const struct dockerfile_instruction *in, const char *name)
{
	return str_equal(in->name, name);
}

static void hit_word(const struct dockerfile_check *c, enum dockerfile_rule rule,
                     const struct dockerfile_word *word, const char *message)
{
	dockerfile_hit(c, rule, word->start, word->end, NULL, "%s", message);
}

/* --- FROM --- */

/* The word behind AS; NULL when the stage has no name. */
static const struct dockerfile_word *stage_name(const struct dockerfile_instruction *from)
{
	if (from->n_words != 3)
		return NULL;
	const char *as = from->words[1].text;
	return tolower((unsigned char)as[0]) == 'a' && tolower((unsigned char)as[1]) == 's' &&
	                       !as[2]
	               ? &from->words[2]
	               : NULL;
}

static bool equal_fold(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
	return *a == *b;
}

/* The FROM of an earlier stage by its name; NULL when there is none. */
static const struct dockerfile_instruction *find_stage(const struct dockerfile_check *c,
                                                       const char *name, size_t before_stage)
{
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &c->df->instructions[i];
		const struct dockerfile_word *other = is_name(in, "FROM") ? stage_name(in) : NULL;
		if (other && in->stage < before_stage && equal_fold(other->text, name))
			return in;
	}
	return NULL;
}

/* What stands before the first '/', when it is a host: it has a dot or a port, or is localhost. */
static void check_registry(const struct dockerfile_check *c, const struct dockerfile_word *image)
{
	const struct strs *trusted = &c->config->registries;
	if (trusted->len == 0 || str_equal(image->text, "scratch") || strchr(image->text, '$'))
		return;
	size_t len = strcspn(image->text, "/");
	bool is_host = image->text[len] &&
	               (memchr(image->text, '.', len) || memchr(image->text, ':', len) ||
	                strncmp(image->text, "localhost", len) == 0);
	AUTOFREE char *host = is_host ? mem_strndup(image->text, len) : mem_strdup("docker.io");
	for (size_t i = 0; i < trusted->len; i++)
		if (glob_matches(trusted->ptr[i], host))
			return;
	dockerfile_hit(c, DF_REGISTRY, image->start, image->end, NULL,
	               "'%s' is not among the trusted registries", host);
}

static void check_image(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	const struct dockerfile_word *image = &in->words[0];
	const char *text = image->text;
	bool is_known = str_equal(text, "scratch") || strchr(text, '@') || strchr(text, '$') ||
	                find_stage(c, text, in->stage);
	if (!find_stage(c, text, in->stage))
		check_registry(c, image);
	if (is_known)
		return;
	const char *slash = strrchr(text, '/');
	const char *tag = strchr(slash ? slash : text, ':');
	if (!tag)
		dockerfile_hit(c, DF_UNTAGGED, image->start, image->end, NULL,
		               "'%s' has no tag: it is another image tomorrow", text);
	else if (str_equal(tag, ":latest"))
		hit_word(c, DF_LATEST, image, "latest is another image tomorrow");
}

static bool is_declared_before(const struct dockerfile_check *c, const char *name, size_t len)
{
	/* What BuildKit gives by itself. */
	static const char *const known[] = { "TARGETPLATFORM", "TARGETOS",      "TARGETARCH",
		                             "TARGETVARIANT",  "BUILDPLATFORM", "BUILDOS",
		                             "BUILDARCH",      "BUILDVARIANT" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strlen(known[i]) == len && strncmp(known[i], name, len) == 0)
			return true;
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &c->df->instructions[i];
		for (size_t k = 0; k < in->n_words && in->stage == 0 && is_name(in, "ARG"); k++) {
			const char *arg = in->words[k].text;
			if (strncmp(arg, name, len) == 0 && (!arg[len] || arg[len] == '='))
				return true;
		}
	}
	return false;
}

/* $NAME and ${NAME}; ${NAME:-x} has a value of its own. */
static void check_args(const struct dockerfile_check *c, const struct dockerfile_word *word)
{
	for (const char *at = strchr(word->text, '$'); at; at = strchr(at + 1, '$')) {
		const char *name = at + 1 + (at[1] == '{');
		size_t len = 0;
		while (isalnum((unsigned char)name[len]) || name[len] == '_')
			len++;
		bool has_default = at[1] == '{' && strncmp(name + len, ":-", 2) == 0;
		if (len && !has_default && !is_declared_before(c, name, len))
			dockerfile_hit(c, DF_UNDEFINED_ARG, word->start, word->end, NULL,
			               "no ARG '%.*s' before the first FROM", (int)len, name);
	}
}

static void check_stage_name(const struct dockerfile_check *c,
                             const struct dockerfile_instruction *in)
{
	const struct dockerfile_word *name = stage_name(in);
	if (!name)
		return;
	if (equal_fold(name->text, "scratch") || equal_fold(name->text, "context"))
		hit_word(c, DF_RESERVED_STAGE, name, "this name is reserved");
	if (find_stage(c, name->text, in->stage))
		dockerfile_hit(c, DF_DUPLICATE_STAGE, name->start, name->end, NULL,
		               "there is a stage '%s' already", name->text);
	for (const char *at = name->text; *at; at++)
		if (isupper((unsigned char)*at)) {
			hit_word(c, DF_STAGE_CASE, name, "stage names are written in lower case");
			break;
		}
	const char *from = c->df->text + in->start;
	bool is_lower = islower((unsigned char)from[0]);
	const struct dockerfile_word *as = &in->words[1];
	if (is_lower != (islower((unsigned char)as->text[0]) != 0))
		dockerfile_hit(c, DF_AS_CASE, as->start, as->end,
		               dockerfile_replace(c, false, as->start, as->end,
		                                  is_lower ? "as" : "AS",
		                                  "write AS as FROM is written"),
		               "'%s' does not fit the case of FROM", as->text);
}

static void check_from(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	if (in->n_words == 0)
		return;
	check_image(c, in);
	check_args(c, &in->words[0]);
	check_stage_name(c, in);
	const struct dockerfile_word *platform = dockerfile_flag(in, "--platform");
	if (platform && !strchr(platform->text, '$'))
		hit_word(c, DF_PLATFORM, platform,
		         "the image is of this platform whatever is asked for");
}

/* --- COPY, ADD, WORKDIR, EXPOSE --- */

static bool is_archive_or_url(const char *source)
{
	static const char *const ends[] = { ".tar",    ".tar.gz", ".tgz",     ".tar.bz2", ".tbz2",
		                            ".tar.xz", ".txz",    ".tar.zst", ".gz",      ".bz2",
		                            ".xz",     ".zip",    ".git" };
	if (strstr(source, "://") || strchr(source, '$') || str_starts(source, "git@") ||
	    strchr(source, '*'))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (str_ends(source, ends[i]))
			return true;
	return false;
}

static void check_add(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	if (in->n_words < 2 || in->has_heredoc)
		return;
	for (size_t i = 0; i + 1 < in->n_words; i++)
		if (is_archive_or_url(in->words[i].text))
			return;
	/* Only what COPY has as well. */
	for (size_t i = 0; i < in->n_flags; i++)
		if (!str_starts(in->flags[i].text, "--chown") &&
		    !str_starts(in->flags[i].text, "--chmod") &&
		    !str_starts(in->flags[i].text, "--link"))
			return;
	dockerfile_hit(
		c, DF_ADD, in->start, in->name_end,
		dockerfile_replace(c, false, in->start, in->name_end,
	                           islower((unsigned char)c->df->text[in->start]) ? "copy" : "COPY",
	                           "use COPY"),
		"COPY does it, and nothing else");
}

static void check_copy_from(const struct dockerfile_check *c,
                            const struct dockerfile_instruction *in)
{
	const struct dockerfile_word *from = dockerfile_flag(in, "--from");
	if (!from)
		return;
	const char *name = strchr(from->text, '=') + 1;
	uint64_t number;
	bool is_number = num_parse_u64(name, strlen(name), 10, &number);
	bool is_image = strpbrk(name, ":/@$.") != NULL;
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *other = &c->df->instructions[i];
		const struct dockerfile_word *own =
			is_name(other, "FROM") ? stage_name(other) : NULL;
		if (own && other->stage == in->stage && equal_fold(own->text, name)) {
			hit_word(c, DF_COPY_FROM_SELF, from, "a stage cannot copy from itself");
			return;
		}
	}
	bool is_known = is_image || (is_number ? number + 1 < in->stage
	                                       : find_stage(c, name, in->stage) != NULL);
	if (!is_known)
		dockerfile_hit(c, DF_COPY_FROM_UNKNOWN, from->start, from->end, NULL,
		               "there is no stage '%s' before this one", name);
}

static void check_copy(const struct dockerfile_check *c, const struct dockerfile_instruction *in,
                       bool has_workdir)
{
	check_copy_from(c, in);
	if (in->n_words < 2 || in->has_heredoc)
		return;
	const struct dockerfile_word *to = &in->words[in->n_words - 1];
	size_t len = strlen(to->text);
	bool is_folder = str_ends(to->text, "/") || str_equal(to->text, ".") ||
	                 str_ends(to->text, "/.") || strchr(to->text, '$');
	if (in->n_words > 2 && len && !is_folder) {
		size_t at = to->end - (c->df->text[to->end - 1] == '"');
		dockerfile_hit(c, DF_COPY_FOLDER, to->start, to->end,
		               dockerfile_replace(c, false, at, at, "/", "end it with a slash"),
		               "several files go to a folder: '%s/'", to->text);
	}
	bool is_absolute = to->text[0] == '/' || to->text[0] == '\\' || to->text[0] == '$' ||
	                   (isalpha((unsigned char)to->text[0]) && to->text[1] == ':');
	if (!has_workdir && !is_absolute)
		dockerfile_hit(c, DF_COPY_RELATIVE, to->start, to->end, NULL,
		               "'%s' is relative, and no WORKDIR says to what", to->text);
}

static void check_workdir(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	if (in->n_words == 0)
		return;
	const char *path = in->words[0].text;
	bool is_absolute = path[0] == '/' || path[0] == '$' || path[0] == '\\' ||
	                   (isalpha((unsigned char)path[0]) && path[1] == ':');
	if (!is_absolute)
		dockerfile_hit(c, DF_ABSOLUTE_WORKDIR, in->words[0].start, in->words[0].end, NULL,
		               "'%s' depends on the base image", path);
}

static void check_port(const struct dockerfile_check *c, const struct dockerfile_word *word)
{
	const char *text = word->text;
	if (strchr(text, '$'))
		return;
	const char *slash = strchr(text, '/');
	AUTOFREE char *ports = mem_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
	struct view rest = view_of(ports), part;
	while (view_split(&rest, '-', &part)) {
		uint64_t port;
		if (!num_parse_u64(part.ptr, part.len, 10, &port) || port > 65535)
			dockerfile_hit(c, DF_PORT_RANGE, word->start, word->end, NULL,
			               "'%s' is no port: 0 to 65535", text);
	}
	for (const char *at = slash; at && *at; at++)
		if (isupper((unsigned char)*at)) {
			AUTOFREE char *lower = mem_strdup(text);
			for (char *l = lower; *l; l++)
				*l = (char)tolower((unsigned char)*l);
			dockerfile_hit(c, DF_EXPOSE_CASE, word->start, word->end,
			               dockerfile_replace(c, false, word->start, word->end, lower,
			                                  "write the protocol in lower case"),
			               "protocols are written in lower case");
			return;
		}
}

/* --- ENV, ARG, LABEL --- */

static bool is_secret_name(const char *name, size_t len)
{
	static const char *const parts[] = { "PASSWORD",    "PASSWD",     "SECRET",
		                             "TOKEN",       "API_KEY",    "APIKEY",
		                             "PRIVATE_KEY", "CREDENTIAL", "ACCESS_KEY" };
	static const char *const harmless[] = { "_FILE", "_PATH", "_URL", "_NAME",
		                                "_ID",   "_TTL",  "_DIR" };
	AUTOFREE char *upper = mem_strndup(name, len);
	for (char *c = upper; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (str_ends(upper, harmless[i]))
			return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strstr(upper, parts[i]))
			return true;
	return false;
}

static void check_secret_names(const struct dockerfile_check *c,
                               const struct dockerfile_instruction *in)
{
	for (size_t i = 0; i < in->n_words; i++) {
		const char *text = in->words[i].text;
		const char *equals = strchr(text, '=');
		size_t len = equals ? (size_t)(equals - text) : strlen(text);
		bool has_value = equals ? equals[1] != '\0' : is_name(in, "ARG") || in->n_words > 1;
		if (has_value && is_secret_name(text, len))
			dockerfile_hit(c, DF_SECRET, in->words[i].start, in->words[i].start + len,
			               NULL, "'%.*s' stays in the image for everyone to read",
			               (int)len, text);
		if (!equals)
			return; /* the old form, or ARG: one name */
	}
}

static bool uses_variable(const char *value, const char *name, size_t len)
{
	for (const char *at = strchr(value, '$'); at; at = strchr(at + 1, '$')) {
		const char *used = at + 1 + (at[1] == '{');
		if (strncmp(used, name, len) == 0 && !isalnum((unsigned char)used[len]) &&
		    used[len] != '_')
			return true;
	}
	return false;
}

static void check_env_self(const struct dockerfile_check *c,
                           const struct dockerfile_instruction *in)
{
	for (size_t i = 1; i < in->n_words; i++)
		for (size_t k = 0; k < i; k++) {
			const char *equals = strchr(in->words[k].text, '=');
			size_t len = equals ? (size_t)(equals - in->words[k].text) : 0;
			const char *value = strchr(in->words[i].text, '=');
			if (len && value && uses_variable(value, in->words[k].text, len))
				dockerfile_hit(c, DF_ENV_SELF, in->words[i].start, in->words[i].end,
				               NULL, "'%.*s' of the same ENV is not set yet",
				               (int)len, in->words[k].text);
		}
}

static void check_key_value(const struct dockerfile_check *c,
                            const struct dockerfile_instruction *in)
{
	if (in->n_words < 2 || strchr(in->words[0].text, '='))
		return;
	size_t from = in->words[0].end, to = in->words[1].start;
	const struct lint_fix *fix = NULL;
	if (in->n_words == 2)
		fix = dockerfile_replace(c, false, from, to, "=", "put an equals sign between");
	dockerfile_hit(c, DF_LEGACY_KEY_VALUE, in->start, in->end, fix,
	               "write %s=… : the old form takes all the rest of the line",
	               in->words[0].text);
}

static void check_maintainer(const struct dockerfile_check *c,
                             const struct dockerfile_instruction *in)
{
	AUTO(str) text = STR_INIT;
	AUTO(str) value = STR_INIT;
	str_add(&value, c->df->text + in->args, in->end > in->args ? in->end - in->args : 0);
	const struct lint_fix *fix = NULL;
	if (value.len && !strpbrk(value.ptr, "\"\\$\n")) {
		str_addf(&text, "LABEL org.opencontainers.image.authors=\"%s\"", value.ptr);
		fix = dockerfile_replace(c, false, in->start, in->end, text.ptr, "make it a label");
	}
	dockerfile_hit(c, DF_MAINTAINER, in->start, in->end, fix,
	               "MAINTAINER is deprecated: a label does it");
}

/* --- CMD, ENTRYPOINT --- */

/* Words a shell would leave alone: then the JSON array runs the same. */
static bool is_plain(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	for (size_t at = in->args; at < in->end; at++)
		if (strchr("$\"'\\`|&;<>(){}*?[]#~=!\n", c->df->text[at]))
			return false;
	return in->n_words > 0;
}

static void check_json(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	if (in->is_json || in->n_words == 0)
		return;
	const struct lint_fix *fix = NULL;
	if (is_plain(c, in)) {
		AUTO(str) json = STR_INIT;
		for (size_t i = 0; i < in->n_words; i++)
			str_addf(&json, "%s\"%s\"", i ? ", " : "[", in->words[i].text);
		str_addch(&json, ']');
		fix = dockerfile_replace(c, true, in->args, in->end, json.ptr, "use the JSON form");
	}
	dockerfile_hit(c, DF_JSON_ARGS, in->start, in->end, fix,
	               "a shell stands between %s and its signals", in->name);
}

/* --- the whole --- */

static bool is_instruction(const char *name)
{
	static const char *const names[] = { "ADD",         "ARG",    "CMD",        "COPY",
		                             "ENTRYPOINT",  "ENV",    "EXPOSE",     "FROM",
		                             "HEALTHCHECK", "LABEL",  "MAINTAINER", "ONBUILD",
		                             "RUN",         "SHELL",  "STOPSIGNAL", "USER",
		                             "VOLUME",      "WORKDIR" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_equal(names[i], name))
			return true;
	return false;
}

static void check_known(const struct dockerfile_check *c, const struct dockerfile_instruction *in)
{
	if (!is_instruction(in->name))
		dockerfile_hit(c, DF_UNKNOWN_INSTRUCTION, in->start, in->name_end, NULL,
		               "there is no instruction '%s'", in->name);
	bool is_bad =
		in->inner && (str_equal(in->inner, "ONBUILD") || str_equal(in->inner, "FROM") ||
	                      str_equal(in->inner, "MAINTAINER"));
	if (is_bad)
		dockerfile_hit(c, DF_ONBUILD, in->start, in->end, NULL, "%s cannot be triggered",
		               in->inner);
}

/* Most instructions decide: capitals when there are as many. */
static void check_case(const struct dockerfile_check *c)
{
	size_t n_lower = 0, n_upper = 0;
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &c->df->instructions[i];
		bool has_lower = false, has_upper = false;
		for (size_t at = in->start; at < in->name_end; at++) {
			has_lower |= islower((unsigned char)c->df->text[at]) != 0;
			has_upper |= isupper((unsigned char)c->df->text[at]) != 0;
		}
		n_lower += has_lower && !has_upper;
		n_upper += has_upper && !has_lower;
	}
	bool wants_lower = n_lower > n_upper;
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &c->df->instructions[i];
		AUTO(str) wanted = STR_INIT;
		for (const char *at = in->name; *at; at++)
			str_addch(&wanted, wants_lower ? (char)tolower((unsigned char)*at) : *at);
		if (is_instruction(in->name) &&
		    memcmp(c->df->text + in->start, wanted.ptr, wanted.len) != 0)
			dockerfile_hit(c, DF_INSTRUCTION_CASE, in->start, in->name_end,
			               dockerfile_replace(c, false, in->start, in->name_end,
			                                  wanted.ptr, "write it as the others"),
			               "most instructions are in %s case",
			               wants_lower ? "lower" : "upper");
	}
}

/* How many of a stage's instructions so far are of this kind; told at the second and later ones. */
static void check_single(const struct dockerfile_check *c, const struct dockerfile_instruction *in,
                         enum dockerfile_rule rule)
{
	for (const struct dockerfile_instruction *next = in + 1;
	     next < c->df->instructions + c->df->n_instructions && next->stage == in->stage; next++)
		if (str_equal(next->name, in->name)) {
			dockerfile_hit(c, rule, in->start, in->name_end, NULL,
			               "only the last %s of a stage counts", in->name);
			return;
		}
}

static void check_consecutive(const struct dockerfile_check *c, size_t i)
{
	const struct dockerfile_instruction *in = &c->df->instructions[i];
	if (i == 0 || !is_name(in, "RUN") || !is_name(in - 1, "RUN") || in->n_flags ||
	    in[-1].n_flags)
		return;
	/* Long ones are apart on purpose. */
	if (in->n_commands > 2 || in[-1].n_commands > 2 || in->has_heredoc || in[-1].has_heredoc)
		return;
	dockerfile_hit(c, DF_CONSECUTIVE_RUN, in->start, in->name_end, NULL,
	               "one RUN for both makes one layer");
}

static void check_instruction(const struct dockerfile_check *c, size_t i, bool *has_workdir)
{
	const struct dockerfile_instruction *in = &c->df->instructions[i];
	check_known(c, in);
	check_consecutive(c, i);
	if (is_name(in, "FROM")) {
		*has_workdir = false;
		check_from(c, in);
	} else if (is_name(in, "COPY")) {
		check_copy(c, in, *has_workdir);
	} else if (is_name(in, "ADD")) {
		check_add(c, in);
	} else if (is_name(in, "WORKDIR")) {
		*has_workdir = true;
		check_workdir(c, in);
	} else if (is_name(in, "EXPOSE")) {
		for (size_t k = 0; k < in->n_words; k++)
			check_port(c, &in->words[k]);
	} else if (is_name(in, "ENV")) {
		check_key_value(c, in);
		check_env_self(c, in);
		check_secret_names(c, in);
	} else if (is_name(in, "ARG")) {
		check_secret_names(c, in);
	} else if (is_name(in, "LABEL")) {
		check_key_value(c, in);
	} else if (is_name(in, "MAINTAINER")) {
		check_maintainer(c, in);
	} else if (is_name(in, "CMD")) {
		check_json(c, in);
		check_single(c, in, DF_MANY_CMD);
	} else if (is_name(in, "ENTRYPOINT")) {
		check_json(c, in);
		check_single(c, in, DF_MANY_ENTRYPOINT);
	} else if (is_name(in, "HEALTHCHECK")) {
		check_single(c, in, DF_MANY_HEALTHCHECKS);
	}
}

static void check_ends(const struct dockerfile_check *c)
{
	const struct dockerfile_instruction *first = &c->df->instructions[0];
	const struct dockerfile_instruction *user = NULL, *healthcheck = NULL, *from = NULL;
	if (is_instruction(first->name) && !is_name(first, "FROM") && !is_name(first, "ARG"))
		dockerfile_hit(c, DF_FIRST_INSTRUCTION, first->start, first->name_end, NULL,
		               "a Dockerfile begins with FROM or ARG");
	for (size_t i = 0; i < c->df->n_instructions; i++) {
		const struct dockerfile_instruction *in = &c->df->instructions[i];
		if (is_name(in, "FROM")) {
			from = in;
			user = healthcheck = NULL;
		}
		user = is_name(in, "USER") ? in : user;
		healthcheck = is_name(in, "HEALTHCHECK") ? in : healthcheck;
	}
	const char *name = user && user->n_words ? user->words[0].text : "";
	if (str_equal(name, "root") || str_equal(name, "0") || str_starts(name, "root:") ||
	    str_starts(name, "0:"))
		hit_word(c, DF_LAST_USER_ROOT, &user->words[0], "the container runs as root");
	if (from && !healthcheck)
		dockerfile_hit(c, DF_NO_HEALTHCHECK, from->start, from->name_end, NULL,
		               "the last stage has no HEALTHCHECK");
}

static void check_file(struct lint_file *file, void *state)
{
	struct dockerfile df;
	dockerfile_parse(file->text, file->len, file->arena, &df);
	const struct dockerfile_check c = { state, file, &df };
	if (df.n_instructions == 0)
		return;
	bool has_workdir = false;
	for (size_t i = 0; i < df.n_instructions; i++)
		check_instruction(&c, i, &has_workdir);
	dockerfile_check_commands(&c);
	check_case(&c);
	check_ends(&c);
	if (df.empty_continuation != SIZE_MAX)
		dockerfile_hit(&c, DF_EMPTY_CONTINUATION, df.empty_continuation,
		               df.empty_continuation, NULL,
		               "an empty line inside an instruction will end it");
}

static err *begin(struct lint_run *run, void **ret_state)
{
	(void)run;
	struct dockerfile_config *config;
	TRY(dockerfile_config_load(&config));
	*ret_state = config;
	return NULL;
}

static void end(void *state)
{
	dockerfile_config_free(state);
}

const struct lint_family lint_family_dockerfile = {
	.name = "dockerfile",
	.brief = "Dockerfiles: hadolint's rules and BuildKit's checks",
	.rules = dockerfile_rules,
	.n_rules = DF_N_RULES,
	.kinds = LINT_DOCKERFILE,
	.begin = begin,
	.check_file = check_file,
	.end = end,
};
