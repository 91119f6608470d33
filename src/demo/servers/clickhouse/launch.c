// Runs the ClickHouse that is inside libchdb.so, with the arguments it is given.
#include <stdio.h>

void *chdb_query_cmdline(int argc, char **argv);
const char *chdb_result_error(void *result);

int main(int argc, char **argv)
{
    void *result = chdb_query_cmdline(argc, argv);
    const char *error = result ? chdb_result_error(result) : "no result";
    if (error && *error)
        fprintf(stderr, "%s\n", error);
    return error && *error;
}
