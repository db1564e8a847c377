#include "base/base.h"

#include "ui/ui.h"

#include "ui/escape.h"
#include "ui/internal.h"

static bool is_word(const char *answer, const char *word)
{
	size_t i = 0;
	for (; answer[i] && word[i]; i++)
		if ((answer[i] | 0x20) != word[i])
			return false;
	return !answer[i] && !word[i];
}

static err *check_can_ask(struct ui *ui, const char *option, const char *question)
{
	if (ui->config.no_input)
		return err_hint(
			err_new(ERR_USAGE, "cannot ask '%s': --no-input forbids it", question),
			"pass %s to go on without asking", option);
	if (!ui_is_terminal(ui, UI_STDIN) || !ui_is_terminal(ui, UI_STDERR))
		return err_hint(err_new(ERR_USAGE, "cannot ask '%s': not a terminal", question),
		                "pass %s to go on without asking", option);
	return NULL;
}

static err *ask_once(struct ui *ui, const char *question, struct str *ret_answer, bool *ret_is_end)
{
	AUTO(str) prompt = STR_INIT;
	escape_add(&prompt, question, strlen(question), ESCAPE_KEEP_NEWLINES);
	str_addz(&prompt, " [y/N] ");
	ui_make_way(ui);
	str_reset(ret_answer);
	return ui->io.ask(ui->io.data, prompt.ptr, ret_answer, ret_is_end);
}

err *ui_confirm(struct ui *ui, const char *option, bool *ret_yes, const char *fmt, ...)
{
	enum { TRIES = 3 };
	AUTO(str) question = STR_INIT;
	AUTO(str) answer = STR_INIT;
	va_list args;
	va_start(args, fmt);
	str_addvf(&question, fmt, args);
	va_end(args);
	TRY(check_can_ask(ui, option, question.ptr));
	bool is_yes = false, is_answered = false;
	for (int i = 0; i < TRIES && !is_answered; i++) {
		bool is_end = false;
		TRY(ask_once(ui, question.ptr, &answer, &is_end));
		is_yes = !is_end && (is_word(answer.ptr, "y") || is_word(answer.ptr, "yes"));
		is_answered = is_end || is_yes || answer.len == 0 || is_word(answer.ptr, "n") ||
		              is_word(answer.ptr, "no");
	}
	*ret_yes = is_yes;
	return NULL;
}
