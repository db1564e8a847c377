#include "base/base.h"

#include "vault_deliver.h"

#include "base/path.h"
#include "crypto/secret.h"
#include "json/json.h"
#include "pal/fs.h"
#include "pal/proc.h"
#include "pal/ram.h"

#include <ctype.h>

static bool is_variable(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalpha((unsigned char)*p) && *p != '_' &&
		    !(p > text && isdigit((unsigned char)*p)))
			return false;
	return *text != '\0';
}

static bool is_file_name(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_-.", *p))
			return false;
	return *text != '\0' && *text != '.';
}

err *vault_delivery_add(struct vault_delivery *delivery, const char *name, struct view value,
                        const char *file)
{
	if (delivery->kind == DELIVER_ENV && !is_variable(name))
		return err_hint(
			err_new(ERR_INVALID, "'%s' in '%s' cannot be a variable", name, file),
			"name a map of plain values (--file %s:PATH), or use --into files "
			"or --into fd",
			file);
	if (delivery->kind == DELIVER_FILES && !is_file_name(name))
		return err_hint(
			err_new(ERR_INVALID, "'%s' in '%s' cannot be a file name", name, file),
			"use --into fd");
	if (memchr(value.ptr, '\0', value.len))
		return err_new(ERR_INVALID, "'%s' in '%s' holds a NUL, which no text can", name,
		               file);
	strs_push(&delivery->names, name);
	strs_push_take(&delivery->values, mem_strndup(value.ptr, value.len));
	return NULL;
}

static void make_env(struct vault_delivery *delivery)
{
	for (size_t i = 0; i < delivery->names.len; i++)
		strs_pushf(&delivery->env, "%s=%s", delivery->names.ptr[i],
		           delivery->values.ptr[i]);
}

/* As Docker's images read them: DB_PASSWORD_FILE=/…/db.password. */
static void add_file_variable(struct vault_delivery *delivery, const char *name, const char *path)
{
	AUTO(str) variable = STR_INIT;
	for (const char *p = name; *p; p++)
		str_addch(&variable,
		          isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_');
	strs_pushf(&delivery->env, "%s%s_FILE=%s", isdigit((unsigned char)*name) ? "_" : "",
	           variable.ptr, path);
}

static err *make_files(struct vault_delivery *delivery)
{
	err *e = ram_mkdtemp("fettle-exec-", &delivery->folder);
	if (e)
		return err_hint(e, "use --into env or --into fd");
	for (size_t i = 0; i < delivery->names.len; i++) {
		AUTOFREE char *path = path_join(delivery->folder.ptr, delivery->names.ptr[i]);
		TRY(fs_write_atomic(path, view_of(delivery->values.ptr[i]), 0400));
		add_file_variable(delivery, delivery->names.ptr[i], path);
	}
	strs_pushf(&delivery->env, "CREDENTIALS_DIRECTORY=%s", delivery->folder.ptr);
	return NULL;
}

static void make_gift(struct vault_delivery *delivery)
{
	size_t size = 16;
	for (size_t i = 0; i < delivery->names.len; i++)
		size += 6 * (strlen(delivery->names.ptr[i]) + strlen(delivery->values.ptr[i])) + 16;
	str_reserve(&delivery->gift, size); /* it must not move: old places would not be wiped */
	struct json_writer json = json_writer_init(&delivery->gift, JSON_ONE_LINE);
	json_begin_object(&json);
	for (size_t i = 0; i < delivery->names.len; i++)
		json_key_string(&json, delivery->names.ptr[i], delivery->values.ptr[i]);
	json_end_object(&json);
	strs_pushf(&delivery->env, "FETTLE_SECRETS_FD=%d", PROC_GIFT_FD);
}

err *vault_delivery_prepare(struct vault_delivery *delivery)
{
	if (delivery->kind == DELIVER_FILES)
		return make_files(delivery);
	if (delivery->kind == DELIVER_FD)
		make_gift(delivery);
	else
		make_env(delivery);
	return NULL;
}

static void wipe(struct strs *list)
{
	for (size_t i = 0; i < list->len; i++)
		secret_wipe(list->ptr[i], strlen(list->ptr[i]));
	strs_clear(list);
}

void vault_delivery_clear(struct vault_delivery *delivery)
{
	if (delivery->folder.len)
		err_ignore(fs_remove_tree(delivery->folder.ptr), "it is in memory, and private");
	if (delivery->gift.len)
		secret_wipe(delivery->gift.ptr, delivery->gift.len);
	wipe(&delivery->values);
	wipe(&delivery->env);
	strs_clear(&delivery->names);
	str_clear(&delivery->gift);
	str_clear(&delivery->folder);
}
