/* Any bytes as an expression of GitHub Actions: places stay inside. */
#include "base/base.h"

#include "lint/workflow_expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena) a = ARENA_INIT;
	struct workflow_expression expression;
	AUTOFREE char *text = mem_strndup((const char *)data, size);
	workflow_expression_parse(text, size, &a, &expression);
	assert(!expression.problem || expression.problem_at <= size);
	for (size_t i = 0; i < expression.n_references; i++)
		assert(expression.references[i].n_steps > 0 && expression.references[i].end <= size);
	for (size_t i = 0; i < expression.n_calls; i++)
		assert(expression.calls[i].end <= size &&
		       expression.calls[i].first_reference <= expression.n_references);
	return 0;
}
