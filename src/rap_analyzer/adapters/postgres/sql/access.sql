-- restrict_role --
-- The role that the program works as; it may see when the server's processes began, by which lost locks are noticed
ALTER ROLE rap_user LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT pg_read_all_stats TO rap_user;
REVOKE pg_execute_server_program, pg_read_server_files, pg_write_server_files FROM rap_user;

-- load_owner --
-- Whose the database is; nothing where there is none
SELECT datdba::regrole::text AS owner FROM pg_database WHERE datname = %(database)s;

-- hand_over --
-- Give the role what the superuser owns here, but what an extension brought or what goes with something else
DO $$
DECLARE
    command text;
BEGIN
    FOR command IN
        WITH owned AS (
            SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                   WHEN 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS kind,
                   oid::regclass::text AS name, 'pg_class'::regclass AS class, oid,
                   relnamespace AS namespace, relowner AS owner
            FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
            UNION ALL
            SELECT 'ROUTINE', oid::regprocedure::text, 'pg_proc'::regclass, oid, pronamespace, proowner
            FROM pg_proc
            UNION ALL
            SELECT CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, oid::regtype::text, 'pg_type'::regclass, oid,
                   typnamespace, typowner
            FROM pg_type
            WHERE typtype IN ('d', 'e', 'r')
               OR typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = typrelid AND c.relkind = 'c')
            UNION ALL
            SELECT 'SCHEMA', quote_ident(nspname), 'pg_namespace'::regclass, oid, oid, nspowner
            FROM pg_namespace
        )
        SELECT format('ALTER %s %s OWNER TO rap_user', o.kind, o.name)
        FROM owned o JOIN pg_namespace n ON n.oid = o.namespace
        WHERE o.owner = 'postgres'::regrole
          AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
          AND NOT EXISTS (
              SELECT FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid
              AND (d.deptype IN ('e', 'i') OR d.deptype = 'a' AND o.kind = 'SEQUENCE'))
    LOOP
        EXECUTE command;
    END LOOP;
END $$;
