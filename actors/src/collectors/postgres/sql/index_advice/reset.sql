-- source: hypopg_reset(), HypoPG 1.1; needs USAGE on its schema
SELECT /* basira */
    {schema}.hypopg_reset()::text AS done
