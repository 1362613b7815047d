-- Masks the UCI "Adult" census extract. Run from a directory that holds adult.csv:
--   psql -f adult.sql
CREATE TABLE adult (
    age integer, workclass text, fnlwgt integer, education text, education_num integer,
    marital_status text, occupation text, relationship text, race text, sex text,
    capital_gain integer, capital_loss integer, hours_per_week integer, native_country text,
    salary_class text
);
\copy adult FROM 'adult.csv' CSV HEADER

-- Ten-year classes of age, no sampling weight, no country.
SELECT synth_set_rule('adult', 'age', 'MASKED WITH generalize(10)');
SELECT synth_set_rule('adult', 'fnlwgt', 'MASKED WITH null');
SELECT synth_set_rule('adult', 'native_country', 'MASKED WITH VALUE ''withheld''');

SELECT age, fnlwgt, education, occupation, native_country FROM adult LIMIT 3;
SELECT synth_mask_table('adult');
SELECT age, fnlwgt, education, occupation, native_country FROM adult LIMIT 3;
SELECT age, count(*) FROM adult GROUP BY age ORDER BY age;
