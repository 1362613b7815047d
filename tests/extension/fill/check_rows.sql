-- What is wrong with the rows of some schemas, looked at without trust in how they were written:
-- every constraint is evaluated again, every value read again from its text, every index built anew.
-- One line a problem; none where all is right.
CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog;
CREATE FUNCTION public.check_rows(VARIADIC schemas text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    item record;
    bad bigint;
BEGIN
    FOR item IN
        WITH tables AS (
            SELECT c.oid, c.oid::regclass::text AS name, c.relispartition, c.relnatts FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace::regnamespace::text = ANY (schemas)
        )
        SELECT 'check ' || k.conname || ' of ' || t.name AS what,
            format('SELECT count(*) FROM ONLY %s AS "whole row" WHERE NOT (%s)', t.name, pg_get_expr(k.conbin, k.conrelid)) AS query
        FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'c'
        UNION ALL
        SELECT 'NOT NULL of ' || t.name || '.' || a.attname,
            format('SELECT count(*) FROM ONLY %s WHERE %I IS NULL', t.name, a.attname)
        FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND a.attnotnull AND NOT a.attisdropped
        UNION ALL
        SELECT 'generated column ' || t.name || '.' || a.attname,
            format('SELECT count(*) FROM ONLY %s WHERE %I IS DISTINCT FROM (%s)', t.name, a.attname, pg_get_expr(d.adbin, d.adrelid))
        FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attgenerated = 's' AND NOT a.attisdropped
        JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
        UNION ALL
        SELECT 'partition bounds of ' || t.name,
            format('SELECT count(*) FROM ONLY %s WHERE NOT (%s)', t.name, pg_get_partition_constraintdef(t.oid))
        FROM tables t WHERE t.relispartition AND pg_get_partition_constraintdef(t.oid) IS NOT NULL
        UNION ALL
        SELECT 'reading again the values of ' || t.name,
            format('SELECT count(*) FROM ONLY %s AS "whole row" WHERE ("whole row"::text)::%s::text IS DISTINCT FROM "whole row"::text', t.name, t.name)
        FROM tables t WHERE t.relnatts > 0
        UNION ALL
        SELECT 'reference ' || k.conname || ' of ' || t.name,
            format('SELECT count(*) FROM ONLY %s AS child WHERE %s AND NOT EXISTS (SELECT FROM %s AS parent WHERE %s)', t.name,
                CASE k.confmatchtype WHEN 'f' THEN '(' || f.any_given || ')' ELSE f.all_given END, k.confrelid::regclass, f.equal)
        FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid AND k.contype = 'f'
            -- A reference to a partitioned table has entries for its partitions, which say less.
            AND NOT EXISTS (SELECT FROM pg_constraint whole WHERE whole.oid = k.conparentid AND whole.conrelid = k.conrelid)
        CROSS JOIN LATERAL (
            SELECT string_agg(format('child.%I IS NOT NULL', a.attname), ' AND ') AS all_given,
                string_agg(format('child.%I IS NOT NULL', a.attname), ' OR ') AS any_given,
                string_agg(format('parent.%I = child.%I', p.attname, a.attname), ' AND ') AS equal
            FROM unnest(k.conkey, k.confkey) AS pair (child, parent)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child
            JOIN pg_attribute p ON p.attrelid = k.confrelid AND p.attnum = pair.parent
        ) f
        UNION ALL
        SELECT 'index ' || i.indexrelid::regclass || ' lacks rows', format('SELECT 0 FROM bt_index_check(%L::regclass, true)', i.indexrelid::regclass)
        FROM tables t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'
        UNION ALL
        SELECT 'building again the indexes of ' || t.name, format('REINDEX TABLE %s', t.name)
        FROM tables t WHERE EXISTS (SELECT FROM pg_index i WHERE i.indrelid = t.oid)
    LOOP
        BEGIN
            IF item.query LIKE 'REINDEX%' THEN
                EXECUTE item.query;
            ELSE
                EXECUTE item.query INTO bad;
                IF bad > 0 THEN
                    RETURN NEXT format('%s: %s rows', item.what, bad);
                END IF;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT format('%s: %s', item.what, SQLERRM);
        END;
    END LOOP;
END $$;
