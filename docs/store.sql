-- store.sql: DuckDB macros for the Parquet files of Xinlian's store (docs/store.md). Load with: .read docs/store.sql

-- A result, or NULL where there is none. A real result that is not a number is NULL too; xinlian_statistics counts those.
CREATE OR REPLACE MACRO xinlian_result(v) AS CASE WHEN isnan(v) THEN NULL ELSE v END;

-- The lines of one text of the metadata, without the first one, as lists of fields.
CREATE OR REPLACE MACRO xinlian_unescape(field) AS
    replace(replace(replace(replace(field, '\\', chr(1)), '\t', chr(9)), '\n', chr(10)), chr(1), '\');
CREATE OR REPLACE MACRO xinlian_lines(file, text) AS TABLE
    SELECT file_name, n - 1 AS line, list_transform(string_split(content, chr(9)), lambda f: xinlian_unescape(f)) AS fields
    FROM (SELECT file_name, unnest(string_split(decode(value), chr(10))) AS content,
                 generate_subscripts(string_split(decode(value), chr(10)), 1) AS n
          FROM parquet_kv_metadata(file) WHERE decode(key) = text)
    WHERE n > 1 AND content <> '';
CREATE OR REPLACE MACRO xinlian_float(field) AS CASE WHEN starts_with(field, 'nan') THEN NULL ELSE field::FLOAT END;

-- Lot, wafer, program and the like: one row a file.
CREATE OR REPLACE MACRO xinlian_file(file) AS TABLE
    SELECT file_name, map_from_entries(list((fields[1], fields[2]) ORDER BY line)) AS said
    FROM (SELECT DISTINCT ON (file_name, fields[1]) * FROM xinlian_lines(file, 'xinlian.file')) GROUP BY file_name;

-- The tests of a file. Limits in base units; NULL: none.
CREATE OR REPLACE MACRO xinlian_tests(file) AS TABLE
    SELECT file_name, line - 1 AS test, fields[1] AS kind, fields[2]::BIGINT AS number, fields[3] AS name, fields[4] AS units,
           xinlian_float(fields[10]) AS low, xinlian_float(fields[11]) AS high, fields[16]::UBIGINT AS executed
    FROM xinlian_lines(file, 'xinlian.tests');

-- The columns of a file with their statistics over all part runs: nothing of the data is read.
CREATE OR REPLACE MACRO xinlian_statistics(file) AS TABLE
    SELECT c.file_name, c.fields[1] AS name, c.fields[2]::BIGINT AS test, s.fields[1]::UBIGINT AS n, s.fields[2]::UBIGINT AS not_finite,
           s.fields[3]::UBIGINT AS excluded, s.fields[4]::UBIGINT AS fails,
           CASE WHEN n > 0 THEN s.fields[5]::FLOAT END AS minimum, CASE WHEN n > 0 THEN s.fields[6]::FLOAT END AS maximum,
           CASE WHEN n > 0 THEN s.fields[7]::DOUBLE END AS mean,
           CASE WHEN n > 1 THEN sqrt(s.fields[8]::DOUBLE / (n - 1)) END AS sd
    FROM xinlian_lines(file, 'xinlian.columns') c JOIN xinlian_lines(file, 'xinlian.statistics') s USING (file_name, line);
