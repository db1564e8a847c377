#include "base/base.h"

#include "target_host/internal.h"

#include "base/utf8.h"
#include "crypto/encode.h"
#include "pal/user.h"

void host_content_hash(const struct host *host, struct view bytes, bool is_keyed,
                       char ret_hex[SHA256_HEX_SIZE])
{
	if (!is_keyed) {
		sha256_hex(bytes.ptr, bytes.len, ret_hex);
		return;
	}
	const unsigned char *tag_key = host->target.context->tag_key;
	struct view key = { (const char *)tag_key, CRYPTO_TAG_KEY_BYTES };
	uint8_t digest[SHA256_BYTES];
	hmac_sha256(key, bytes, digest);
	AUTO(str) hex = STR_INIT;
	hex_add(&hex, digest, sizeof(digest));
	memcpy(ret_hex, hex.ptr, SHA256_HEX_SIZE);
}

const char *host_fingerprint(struct arena *arena, const struct str *canonical)
{
	char *hex = arena_alloc(arena, SHA256_HEX_SIZE);
	sha256_hex(canonical->ptr, canonical->len, hex);
	return hex;
}

/* Owners go in by name: a user that a Command has yet to make has no number when this is asked. */
void host_print_wanted(struct str *canonical, unsigned shape, enum fs_type type,
                       const struct host_attributes *wanted)
{
	if (shape & SHAPE_MODE)
		str_addf(canonical, "mode=%04" PRIo32 "\n", host_mode_visible(wanted->mode, type));
	if (shape & SHAPE_OWNER)
		str_addf(canonical, "owner=%s\n", wanted->owner);
	if (shape & SHAPE_GROUP)
		str_addf(canonical, "group=%s\n", wanted->group);
}

void host_print_live(struct host *host, struct str *canonical, unsigned shape,
                     const struct fs_stat *live)
{
	AUTO(str) owner = STR_INIT;
	AUTO(str) group = STR_INIT;
	if (shape & SHAPE_OWNER)
		user_name(host->root, live->uid, &owner);
	if (shape & SHAPE_GROUP)
		user_group_name(host->root, live->gid, &group);
	struct host_attributes seen = { .mode = live->mode,
		                        .owner = owner.ptr,
		                        .group = group.ptr };
	host_print_wanted(canonical, shape, live->type, &seen);
}

static bool is_showable(struct view bytes)
{
	return bytes.len <= HOST_TEXT_BYTES && !(bytes.len && memchr(bytes.ptr, 0, bytes.len)) &&
	       utf8_valid(bytes.ptr, bytes.len, NULL);
}

/* "(sensitive, tag 3f2a91c0b7d4)" or "(binary, 1234 bytes, sha256 3f2a91c0b7d4)". */
static void describe(const struct host *host, struct view bytes, bool is_sensitive, struct str *out)
{
	if (is_sensitive) {
		str_addz(out, "(sensitive, tag ");
		crypto_tag(host->target.context->tag_key, bytes, out);
		str_addch(out, ')');
		return;
	}
	char hex[SHA256_HEX_SIZE];
	sha256_hex(bytes.ptr, bytes.len, hex);
	const char *what = bytes.len > HOST_TEXT_BYTES ? "large"
	                   : is_showable(bytes)        ? "text"
	                                               : "binary";
	str_addf(out, "(%s, %zu bytes, sha256 %.12s)", what, bytes.len, hex);
}

void host_change_content(const struct host *host, struct plan_item *item, const char *path,
                         struct view before, struct view after, bool is_sensitive)
{
	bool is_text = (!before.ptr || is_showable(before)) && (!after.ptr || is_showable(after));
	if (is_text && !is_sensitive) {
		plan_change_add(item, path, before, after)->is_text = true;
		return;
	}
	AUTO(str) old_text = STR_INIT;
	AUTO(str) new_text = STR_INIT;
	if (before.ptr)
		describe(host, before, is_sensitive, &old_text);
	if (after.ptr)
		describe(host, after, is_sensitive, &new_text);
	struct plan_change *change = plan_change_text(item, path, before.ptr ? old_text.ptr : NULL,
	                                              after.ptr ? new_text.ptr : NULL);
	change->is_sensitive = is_sensitive;
	change->is_binary = !is_sensitive;
}
