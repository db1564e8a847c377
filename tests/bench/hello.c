/* The least a static program can do: the peer of `fettle version`. */
#include <stdio.h>

int main(void)
{
	return puts("hello world") < 0;
}
