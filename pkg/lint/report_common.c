#include "base/base.h"

#include "lint/report.h"

#include "crypto/encode.h"
#include "crypto/hash.h"
#include "lint/lint_rule.h"

#define FINGERPRINT_BYTES 16u

/* What was matched, without the indentation: lines may move, also in depth. */
static const char *identity(const struct lint_finding *finding)
{
	if (finding->fingerprint_text)
		return finding->fingerprint_text;
	const char *line = finding->line_text;
	line += line ? strspn(line, " \t") : 0;
	return line && *line ? line : finding->message;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && str_equal(a, b));
}

static bool is_equal(const struct lint_finding *a, const struct lint_finding *b)
{
	return a->rule == b->rule && same_text(a->object_kind, b->object_kind) &&
	       same_text(a->object_namespace, b->object_namespace) &&
	       same_text(a->object_name, b->object_name) && same_text(a->container, b->container) &&
	       str_equal(identity(a), identity(b));
}

static void add_part(struct sha256 *hash, const char *text)
{
	sha256_add(hash, text ? text : "", text ? strlen(text) + 1 : 1);
}

void lint_fingerprint(const struct lint_result *file, size_t index, struct str *out)
{
	const struct lint_finding *finding = &file->findings[index];
	uint32_t equals_before = 0;
	for (size_t i = 0; i < index; i++)
		equals_before += is_equal(&file->findings[i], finding);
	struct sha256 hash;
	sha256_start(&hash);
	add_part(&hash, finding->rule->slug);
	/* An object is known by its name wherever its file is moved to; anything else by its file. */
	add_part(&hash, finding->object_name ? NULL : file->path);
	add_part(&hash, finding->object_kind);
	add_part(&hash, finding->object_namespace);
	add_part(&hash, finding->object_name);
	add_part(&hash, finding->container);
	add_part(&hash, identity(finding));
	uint8_t ordinal[4] = { (uint8_t)equals_before, (uint8_t)(equals_before >> 8),
		               (uint8_t)(equals_before >> 16), (uint8_t)(equals_before >> 24) };
	sha256_add(&hash, ordinal, sizeof(ordinal));
	uint8_t digest[SHA256_BYTES];
	sha256_end(&hash, digest);
	hex_add(out, digest, FINGERPRINT_BYTES);
}

void lint_add_object(const struct lint_finding *finding, struct str *out)
{
	if (!finding->object_kind)
		return;
	str_addz(out, finding->object_kind);
	if (finding->object_namespace)
		str_addf(out, "/%s", finding->object_namespace);
	if (finding->object_name)
		str_addf(out, "/%s", finding->object_name);
	if (finding->container)
		str_addf(out, ", container %s", finding->container);
}
