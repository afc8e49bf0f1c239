SET statement_timeout = 0;
CREATE TABLE public.migrations (id serial PRIMARY KEY, migration character varying(255) NOT NULL, batch integer NOT NULL);
CREATE TABLE public.squashed (id serial PRIMARY KEY);
COPY public.migrations (id, migration, batch) FROM stdin;
1	2013_01_01_000000_create_squashed_table	1
\.
SELECT pg_catalog.setval('public.migrations_id_seq', 1, true);
