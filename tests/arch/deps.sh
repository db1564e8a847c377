#!/bin/sh
# Layers, owners, banned words, sizes: the rules of layers.txt and of docs/conventions, as TAP.
cd "$(dirname "$0")/../.." || exit 1

banned=' strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok strtok_r atoi atol atoll atof gets mktemp tmpnam system popen alloca malloc calloc realloc strdup strndup printf fprintf puts fputs putchar fwrite exit _exit _Exit abort fork vfork setlocale longjmp setjmp rand srand '

echo 1..2
problems=$(find pkg cmd -name '*.[ch]' | LC_ALL=C sort |
	xargs awk -v laws=tests/arch/layers.txt -v banned="$banned" -f tests/arch/deps.awk tests/arch/layers.txt)
if [ -z "$problems" ]; then
	echo 'ok 1 - layers, owners of headers, banned words and sizes'
else
	echo 'not ok 1 - layers, owners of headers, banned words and sizes'
	echo "$problems" | sed 's/^/# /'
fi

# Nothing committed may name a folder of the machine it was written on. Only tracked files count.
problems=$(git grep -nIE '(^|[^A-Za-z0-9_.$}])/(work/(main|shared)|root/)' -- . ':!tests/arch/deps.sh' 2>/dev/null)
if [ -z "$problems" ]; then
	echo 'ok 2 - no path of a developer machine'
else
	echo 'not ok 2 - no path of a developer machine'
	echo "$problems" | head -20 | sed 's/^/# /'
fi
